public import FoundationEssentials

/// What is wrong with JSON that a person or a program wrote for a plugin: the key as it stands there,
/// what was found and what was expected.
public struct JSONProblem: Error, CustomStringConvertible, Sendable {
    public let description: String
}

extension Decodable {
    /// Reads a value from a file of configuration, settings or the input of a task.
    ///
    /// - Parameters:
    ///   - keys: keys in snake case become camel case unless said otherwise.
    ///   - quotes: whether an error may repeat what was found: not where a user's text may stand.
    /// - Throws: `JSONProblem`
    public init(
        json: Data, keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase,
        quotes: Bool = true
    ) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys
        do {
            self = try decoder.decode(Self.self, from: json)
        } catch let error as DecodingError {
            throw JSONProblem(error, in: json, quotes: quotes) {
                _ = try decoder.decode(Self.self, from: $0)
            }
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
    /// - Parameter decode: reads other JSON as what was to be read, to find out what is wrong with this.
    fileprivate init(
        _ error: DecodingError, in json: Data, quotes: Bool, _ decode: (Data) throws -> Void
    ) {
        let root = try? JSONDecoder().decode(JSONTree.self, from: json)
        switch error {
        case .keyNotFound(let key, let context):
            let (path, _) = Self.place(context.codingPath + [key], in: root)
            self.init(description: "'\(path)' is missing")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            self.init(context, in: root, expected: Self.words(for: type), quotes: quotes)
        case .dataCorrupted(let context):
            let named = context.underlyingError as? UnexpectedValue
            if let root, error.saysNotWhichNumber {
                self.init(misfitsOf: root, quotes: quotes, decode)
            } else if root == nil {
                self.init(description: "is not JSON")
            } else {
                self.init(
                    context, in: root, expected: named?.expected ?? "another number",
                    quotes: quotes)
            }
        @unknown default: self.init(description: "cannot be read")
        }
    }

    private init(
        _ context: DecodingError.Context, in root: JSONTree?, expected: String, quotes: Bool
    ) {
        let (path, value) = Self.place(context.codingPath, in: root)
        let found = value.map { quotes ? $0.quoted : $0.kind } ?? "of another kind"
        let subject = path.isEmpty ? "the whole" : "'\(path)'"
        self.init(description: "\(subject) is \(found), expected \(expected)")
    }

    private init(misfitsOf root: JSONTree, quotes: Bool, _ decode: (Data) throws -> Void) {
        // Each is read once more, alone among numbers that fit; no configuration has as many.
        let misfits = root.unusualNumbers.prefix(100).filter { path, _ in
            do {
                try decode(try JSONEncoder().encode(root.taming(allBut: path)))
                return false
            } catch {
                return (error as? DecodingError)?.saysNotWhichNumber ?? false
            }
        }
        let found = misfits.map { path, number in
            let expected = number.isFraction ? "an integer" : "another number"
            return "'\(path)' is \(quotes ? number.quoted : number.kind), expected \(expected)"
        }
        self.init(
            description: found.isEmpty
                ? "has a number that does not fit where it stands" : found.joined(separator: "; "))
    }

    /// Where a coding path leads, with the keys as they stand in the file, and what is there.
    private static func place(
        _ codingPath: [any CodingKey], in root: JSONTree?
    ) -> (path: String, value: JSONTree?) {
        var path = ""
        var value = root
        for key in codingPath {
            if let index = key.intValue {
                path += "[\(index)]"
                value = value?.element(index)
                continue
            }
            let (name, member) = value?.member(key.stringValue) ?? (nil, nil)
            path += (path.isEmpty ? "" : ".") + (name ?? key.stringValue.inSnakeCase)
            value = member
        }
        return (path, value)
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

extension DecodingError {
    /// Whether Foundation means a number that does not fit its type: of those alone it gives no place.
    fileprivate var saysNotWhichNumber: Bool {
        guard case .dataCorrupted(let context) = self else { return false }
        return context.codingPath.isEmpty && !(context.underlyingError is UnexpectedValue)
    }
}

extension String {
    /// `downBlockTypes` as `down_block_types`.
    fileprivate var inSnakeCase: String {
        reduce(into: "") { result, letter in
            if letter.isUppercase, let last = result.last, last != "_" { result += "_" }
            result += letter.lowercased()
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
