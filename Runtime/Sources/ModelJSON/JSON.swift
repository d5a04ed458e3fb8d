/// A JSON value.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits: kept exactly.
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// What kind of value it is, for messages.
    public var kind: String {
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

    /// Reads one JSON text.
    ///
    /// - Throws: ``JSONFault``
    public init(parsing bytes: [UInt8]) throws {
        var reader = try JSONReader(bytes)
        self = try reader.value()
        try reader.end()
    }
}

/// Why a text is not the expected JSON, and where.
public enum JSONFault: Error, Equatable, Sendable {
    case unexpected(offset: Int, found: String, expected: String)
    case notUTF8(offset: Int)
    case duplicateKey(String, offset: Int)
}

extension JSONFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpected(let offset, let found, let expected):
            "\(found) at byte \(offset), expected \(expected)"
        case .notUTF8(let offset): "a byte at \(offset) that is not UTF-8"
        case .duplicateKey(let key, let offset): "the key '\(key)' twice, at byte \(offset)"
        }
    }
}
