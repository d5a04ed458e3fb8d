package import JSON

/// The members of one JSON object of a request, read with errors that name the path.
///
/// Reads are recorded, so that the unread rest of a body is known afterwards: see `Body.read`. A
/// member is also found under its names in other servers' APIs.
package struct Fields {
    private var members: JSONObject
    /// Where the object stands: empty for the body, `messages[2]` within it.
    private let path: String
    /// The meaning of members of this object that are not read by name.
    let table: FieldTable
    /// Nil if the unread rest does not matter, as for an object that is passed on whole.
    let reads: FieldReads?
    /// A large body's share of the memory budget, as long as it is held.
    var share: ByteBudget.Share?

    package init(_ object: JSONObject, path: String = "") {
        self.init(object, path: path, table: .empty, reads: nil)
    }

    init(_ object: JSONObject, path: String = "", table: FieldTable, reads: FieldReads?) {
        members = object
        self.path = path
        self.table = table
        self.reads = reads
        reads?.opened(FieldReads.Opened(path: path, members: object, table: table))
    }

    /// All members as they are; all of them then count as read.
    package var object: JSONObject {
        reads?.takenWhole(path)
        return members
    }

    /// The same with another value of a member, which keeps the request's name for it.
    func replacing(_ key: String, with value: JSONValue) -> Fields {
        var fields = self
        fields.members[name(of: key)] = value
        return fields
    }

    /// The path of a member, under the request's name for it.
    package func full(_ key: String) -> String {
        path.isEmpty ? name(of: key) : "\(path).\(name(of: key))"
    }

    /// The member, unless it is absent or null, which mean the same in this API.
    package func value(_ key: String) -> JSONValue? {
        for name in [key] + table.otherNames(of: key) {
            reads?.asked(for: name, in: path)
        }
        guard let value = members[name(of: key)], !value.isNull else { return nil }
        return value
    }

    /// The name under which a request has a member: its own, or an alias.
    private func name(of key: String) -> String {
        if let value = members[key], !value.isNull { return key }
        let other = table.otherNames(of: key).first { name in
            members[name].map { !table.saysNothing(name, $0) } ?? false
        }
        return other ?? key
    }

    package func wrong(_ key: String, _ value: JSONValue, expected: String) -> APIError {
        .invalid(param: full(key), "is \(value.shown), expected \(expected)")
    }

    package func string(_ key: String) throws -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.string else { throw wrong(key, value, expected: "a string") }
        return text
    }

    package func required(_ key: String) throws -> String {
        guard let text = try string(key) else {
            throw APIError.missing(param: full(key), expected: "a string")
        }
        return text
    }

    package func bool(_ key: String) throws -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = value.bool else { throw wrong(key, value, expected: "true or false") }
        return flag
    }

    package func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            throw wrong(key, value, expected: "an integer " + range.named)
        }
        return number
    }

    package func number(_ key: String, in range: ClosedRange<Double>) throws -> Float? {
        guard let value = value(key) else { return nil }
        guard let number = value.number, range.contains(number) else {
            throw wrong(
                key, value, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Float(number)
    }

    /// One of the words of `Choice`.
    package func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws -> Choice?
    where Choice.RawValue == String {
        guard let text = try string(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        throw APIError.invalid(param: full(key), "is unknown, expected \(words)")
    }

    package func array(_ key: String) throws -> [JSONValue]? {
        guard let value = value(key) else { return nil }
        guard let elements = value.array else { throw wrong(key, value, expected: "an array") }
        return elements
    }

    func tokenIDs(_ key: String) throws -> [Int32]? {
        try value(key)?.tokenIDs(at: full(key))
    }

    package func fields(_ key: String) throws -> Fields? {
        try fields(key, .empty)
    }

    /// - Parameter table: the meaning of members of that object that are not read by name.
    func fields(_ key: String, _ table: FieldTable) throws -> Fields? {
        guard let value = value(key) else { return nil }
        guard let object = value.object else { throw wrong(key, value, expected: "an object") }
        return Fields(object, path: full(key), table: table, reads: reads)
    }
}

extension ClosedRange<Int> {
    fileprivate var named: String {
        upperBound == .max ? "of at least \(lowerBound)" : "from \(lowerBound) to \(upperBound)"
    }
}

extension JSONValue {
    /// The members of an object within a body.
    ///
    /// - Parameter path: of the value in its request.
    func fields(at path: String) throws -> Fields {
        guard let object else {
            throw APIError.invalid(param: path, "is \(shown), expected an object")
        }
        return Fields(object, path: path)
    }

    /// - Parameter path: of the value in its request.
    func tokenIDs(at path: String) throws -> [Int32] {
        guard let elements = array else {
            throw APIError.invalid(param: path, "is \(shown), expected token ids")
        }
        return try elements.enumerated().map { index, element in
            guard let id = element.integer.flatMap(Int32.init(exactly:)), id >= 0 else {
                throw APIError.invalid(
                    param: "\(path)[\(index)]", "is \(element.shown), expected a token id")
            }
            return id
        }
    }
}
