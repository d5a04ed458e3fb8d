/// A JSON value.
enum JSON {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// What kind of value it is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// A value within a file, which knows its path there: its errors name it.
struct JSONNode {
    let path: String
    let json: JSON

    init(_ json: JSON, at path: String) {
        self.json = json
        self.path = path
    }

    func invalid(_ expected: String) -> TokenizerError {
        .invalid(key: path, found: json.kind, expected: expected)
    }

    /// A member; nil where it is absent or null.
    func optional(_ key: String) throws -> JSONNode? {
        guard case .object(let members) = json else { throw invalid("an object") }
        guard let value = members.last(where: { $0.key == key })?.value else { return nil }
        if case .null = value { return nil }
        return JSONNode(value, at: path.isEmpty ? key : "\(path).\(key)")
    }

    /// A member that must be there.
    subscript(_ key: String) -> JSONNode {
        get throws {
            guard let member = try optional(key) else {
                throw TokenizerError.missing(key: path.isEmpty ? key : "\(path).\(key)")
            }
            return member
        }
    }

    var elements: [JSONNode] {
        get throws {
            guard case .array(let elements) = json else { throw invalid("an array") }
            return elements.enumerated().map { JSONNode($1, at: "\(path)[\($0)]") }
        }
    }

    var string: String {
        get throws {
            guard case .string(let value) = json else { throw invalid("a string") }
            return value
        }
    }

    var bytes: [UInt8] { get throws { Array(try string.utf8) } }

    var bool: Bool {
        get throws {
            guard case .bool(let value) = json else { throw invalid("a boolean") }
            return value
        }
    }

    var integer: Int {
        get throws {
            guard case .integer(let value) = json else { throw invalid("an integer") }
            return value
        }
    }
}
