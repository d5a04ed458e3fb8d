package import Engine

/// The members of one JSON object of a request, read with errors that name the path.
package struct Fields {
    package let object: JSONObject
    /// Where the object stands: empty for the body, `messages[2]` within it.
    private let path: String

    package init(_ object: JSONObject, path: String = "") {
        self.object = object
        self.path = path
    }

    package func full(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// The member, unless it is absent or null, which mean the same in this API.
    package func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
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

    package func fields(_ key: String) throws -> Fields? {
        guard let value = value(key) else { return nil }
        guard let object = value.object else { throw wrong(key, value, expected: "an object") }
        return Fields(object, path: full(key))
    }
}

extension ClosedRange<Int> {
    fileprivate var named: String {
        upperBound == .max ? "of at least \(lowerBound)" : "from \(lowerBound) to \(upperBound)"
    }
}

extension JSONValue {
    /// What a message shows of a value: numbers as they are, the rest by its kind, so that no prompt
    /// ends up in a message.
    var shown: String {
        switch self {
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .array(let elements) where elements.isEmpty: "an empty array"
        default: kind
        }
    }
}
