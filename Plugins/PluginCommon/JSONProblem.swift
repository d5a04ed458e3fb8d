public import ModelJSON

/// What is wrong with JSON that a person or a program wrote for a plugin: the key as written, what
/// was found and what was expected.
public struct JSONProblem: Error, CustomStringConvertible, Sendable {
    public let description: String
}

extension Decodable {
    /// Reads a value from a configuration file, settings or the input of a task.
    ///
    /// - Parameters:
    ///   - keys: keys in snake case become camel case by default.
    ///   - quotes: whether an error may repeat what was found; not if it may be a user's text.
    /// - Throws: `JSONProblem`
    public init(
        json: some Sequence<UInt8>, keys: JSONKeys = .fromSnakeCase, quotes: Bool = true
    ) throws {
        let root: JSON
        do {
            root = try JSON(parsing: Array(json))
        } catch {
            throw JSONProblem(description: quotes ? "is not JSON: \(error)" : "is not JSON")
        }
        try self.init(root, keys: keys, quotes: quotes)
    }

    /// - Throws: `JSONProblem`
    public init(_ root: JSON, keys: JSONKeys = .fromSnakeCase, quotes: Bool = true) throws {
        do {
            self = try root.decoded(keys: keys)
        } catch let error as DecodingError {
            throw JSONProblem(error, in: root, quotes: quotes)
        }
    }
}

/// A value that is written as one of a few names.
public protocol NamedValue: RawRepresentable<String>, CaseIterable, Decodable {}

extension NamedValue {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = try? container.decode(String.self), let value = Self(rawValue: name) else {
            throw UnexpectedValue.error(expected: Self.choices, at: decoder)
        }
        self = value
    }

    /// `f16 or f32`
    private static var choices: String {
        let names = allCases.map(\.rawValue)
        let last = names.last ?? ""
        return names.count < 2 ? last : names.dropLast().joined(separator: ", ") + " or " + last
    }
}

/// What was expected in place of a value.
struct UnexpectedValue: Error {
    let expected: String

    static func error(expected: String, at decoder: any Decoder) -> DecodingError {
        .dataCorrupted(
            .init(
                codingPath: decoder.codingPath, debugDescription: "expected \(expected)",
                underlyingError: UnexpectedValue(expected: expected)))
    }
}

// MARK: - Wording

extension JSONProblem {
    fileprivate init(_ error: DecodingError, in root: JSON, quotes: Bool) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(description: "'\(Self.words(for: context.codingPath + [key]))' is missing")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            self.init(context, in: root, expected: Self.words(for: type), quotes: quotes)
        case .dataCorrupted(let context):
            let named = context.underlyingError as? UnexpectedValue
            self.init(
                context, in: root, expected: named?.expected ?? "another number", quotes: quotes)
        @unknown default: self.init(description: "cannot be read")
        }
    }

    private init(
        _ context: DecodingError.Context, in root: JSON, expected: String, quotes: Bool
    ) {
        let path = Self.words(for: context.codingPath)
        let value = root.value(at: context.codingPath)
        let found = value.map { quotes ? $0.quoted : $0.sort } ?? "of another kind"
        let subject = path.isEmpty ? "the whole" : "'\(path)'"
        self.init(description: "\(subject) is \(found), expected \(expected)")
    }

    private static func words(for codingPath: [any CodingKey]) -> String {
        codingPath.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }

    private static func words(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "an integer"
        case is any BinaryFloatingPoint.Type: "a number"
        default: "\(type)".hasPrefix("Array<") ? "a list" : "an object"
        }
    }
}

extension JSON {
    fileprivate var sort: String {
        switch self {
        case .bool(let value): "\(value)"
        case .integer: "a number"
        case .array: "a list"
        default: kind
        }
    }

    /// The value, where it is short; a text as it stands in the file.
    fileprivate var quoted: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text) where text.utf8.count <= 80: "\"\(text)\""
        default: sort
        }
    }
}

// MARK: - Keys

/// The keys of an object, whatever their values.
public struct ObjectKeys: Decodable {
    public let names: Set<String>

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        names = Set(container.allKeys.map(\.stringValue))
    }
}
