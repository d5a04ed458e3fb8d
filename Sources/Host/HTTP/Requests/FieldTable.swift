import JSON

/// The meaning of members that a route does not read by name: the fields of other servers' APIs.
///
/// A member known to change an answer is honoured, mapped to the member that does it here, or
/// refused by name, unless its value changes nothing. A member in no table is ignored, and the
/// response says so.
package struct FieldTable: Sendable {
    enum Rule: Sendable {
        /// Another name of a member; at the values of `except` it says nothing.
        case means(String, except: [JSONValue] = [])
        /// Changes nothing about an answer of this host.
        case inert
        /// Would change the answer, except at these values; null and empty values change nothing
        /// either.
        case refused(unless: [JSONValue] = [], String = "is not supported; leave it out")
    }

    private let rules: [String: Rule]
    private let others: [String: [String]]

    init(_ rules: [String: Rule]) {
        self.rules = rules
        var others: [String: [String]] = [:]
        for (name, rule) in rules {
            if case .means(let key, _) = rule { others[key, default: []].append(name) }
        }
        self.others = others.mapValues { $0.sorted() }
    }

    /// For bodies without counterpart in other APIs.
    static let empty = FieldTable([:])

    /// The names that the table knows.
    package var names: [String] { rules.keys.sorted() }

    /// The other names of a member.
    func otherNames(of key: String) -> [String] { others[key] ?? [] }

    /// Whether an alias means nothing with this value.
    func saysNothing(_ name: String, _ value: JSONValue) -> Bool {
        guard case .means(_, let except) = rules[name] else { return false }
        return value.isNull || except.contains { $0.isSame(as: value) }
    }
}

// MARK: - What is left of a body

extension FieldTable {
    /// A member that is ignored because it is unknown.
    struct Unknown {
        /// Its path for a header, in printable ASCII only.
        let name: String
        /// The name that was probably meant.
        let nearest: String?

        var description: String {
            nearest.map { "\(name) (did you mean \($0)?)" } ?? name
        }
    }

    /// - Returns: the members that are ignored.
    /// - Throws: `APIError.unsupported` for one that would have changed the answer, `.invalid` for two that
    ///   mean the same and contradict each other.
    func check(_ fields: Fields) throws -> [Unknown] {
        guard let reads = fields.reads else { return [] }
        for object in reads.objects { try object.table.refuseContradictions(object) }
        let ignored = try reads.leftovers.filter { leftover in
            switch leftover.table.rules[leftover.name] {
            case .inert: return false
            case .refused(let unless, let reason):
                if leftover.value.isEmpty || unless.contains(where: leftover.value.isSame) {
                    return false
                }
                throw APIError.unsupported(param: leftover.fullName, reason)
            case .means, nil: return true
            }
        }
        // Finding the nearest name takes a comparison with every known one, and a body may have a
        // million.
        return ignored.prefix(Self.mostNamed + 1).map { $0.table.unknown($0) }
    }

    /// This many unknown members are named; further ones are only mentioned.
    static let mostNamed = 16

    private func refuseContradictions(_ object: FieldReads.Opened) throws {
        let members = object.members
        for (name, value) in members.members where !saysNothing(name, value) {
            guard case .means(let key, _) = rules[name], let own = members[key], !own.isNull,
                !own.isSame(as: value)
            else { continue }
            throw APIError.invalid(
                param: object.path.isEmpty ? name : "\(object.path).\(name)",
                "is given beside '\(key)', which means the same; send one of them")
        }
    }

    private func unknown(_ leftover: FieldReads.Leftover) -> Unknown {
        let known = leftover.asked.union(followed)
        let nearest = NearestName.of(
            leftover.name, among: known.sorted().filter { $0 != leftover.name })
        return Unknown(name: Self.printable(leftover.fullName), nearest: nearest)
    }

    /// The values that are not refused.
    private var followed: [String] {
        rules.filter { if case .refused = $0.value { false } else { true } }.map(\.key)
    }

    private static let longestName = 64

    private static func printable(_ name: String) -> String {
        let letters = name.unicodeScalars.prefix(longestName).map { scalar in
            (0x21...0x7E).contains(scalar.value) && scalar != "," ? Character(scalar) : "?"
        }
        return String(letters)
    }
}

extension JSONValue {
    /// Whether it holds nothing: an empty string, array or object.
    fileprivate var isEmpty: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let object): object.isEmpty
        default: false
        }
    }

    /// Equality as in JSON: 1 and 1.0 are the same.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        if let number, let theirs = other.number { return number == theirs }
        return self == other
    }
}
