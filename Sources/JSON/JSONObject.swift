/// The members of a JSON object in the order in which their keys were first written.
///
/// Keys are compared by their bytes: `é` as one scalar and as two are different keys, as for every
/// other JSON reader, although Swift considers the two strings equal.
package struct JSONObject: Sendable {
    package private(set) var members: [(key: String, value: JSONValue)] = []
    private var positions: [ExactString: Int] = [:]

    /// Up to this many members, a look-up is a linear search.
    private static let walked = 8

    package init() {}

    /// Of members with the same key, the last one gives the value, as in Python and JavaScript.
    package init(_ members: some Sequence<(key: String, value: JSONValue)>) {
        for (key, value) in members { self[key] = value }
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var keys: some Sequence<String> { members.lazy.map(\.key) }

    /// Assigning nil removes the member.
    package subscript(_ key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    private func position(of key: String) -> Int? {
        if members.count > Self.walked { return positions[ExactString(key)] }
        return members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
    }

    private mutating func append(_ key: String, _ value: JSONValue) {
        members.append((key, value))
        if members.count == Self.walked + 1 { index() }
        if members.count > Self.walked { positions[ExactString(key)] = members.count - 1 }
    }

    private mutating func remove(at position: Int) {
        members.remove(at: position)
        index()
    }

    private mutating func index() {
        positions = [:]
        guard members.count > Self.walked else { return }
        for (position, member) in members.enumerated() {
            positions[ExactString(member.key)] = position
        }
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Objects are equal whatever the order of their members, so only the count is hashed.
    package func hash(into hasher: inout Hasher) { hasher.combine(members.count) }
}

/// A string that equals another only if their bytes do.
package struct ExactString: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ExactString, right: ExactString) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // This byte occurs in no text, so ["ab", "c"] and ["a", "bc"] differ.
        hasher.combine(0xFF as UInt8)
    }
}
