import FoundationEssentials
public import ModelJSON

/// A JSON file beside the weights, or what stands in its place in another format.
public struct ConfigurationFile: Sendable {
    public let name: String
    private let content: Content

    private enum Content: Sendable {
        case text([UInt8])
        case value(JSON)
    }

    /// Configuration files are small.
    private static let longest = 1 << 24

    public init(name: String, _ bytes: [UInt8]) {
        self.name = name
        content = .text(bytes)
    }

    public init(name: String, _ value: JSON) {
        self.name = name
        content = .value(value)
    }

    /// - Throws: `ConfigurationError.missing` naming the file.
    public init(_ path: String) throws {
        guard let file = Self(ifPresent: path) else { throw ConfigurationError.missing(path) }
        self = file
    }

    public init?(ifPresent path: String) {
        guard let data = FileManager.default.contents(atPath: path), data.count <= Self.longest
        else { return nil }
        name = path
        content = .text(Array(data))
    }

    /// Keys in snake case become camel case.
    ///
    /// - Throws: `ConfigurationError.file` naming what is missing or of the wrong kind.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try decode(type, keys: .fromSnakeCase)
    }

    /// Keys stay as they are.
    ///
    /// - Throws: as `decode`.
    public func decodeVerbatim<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try decode(type, keys: .verbatim)
    }

    /// The file as it is.
    ///
    /// - Throws: `ConfigurationError.file` if it is not JSON.
    public func value() throws -> JSON {
        switch content {
        case .value(let value): return value
        case .text(let bytes):
            do {
                return try JSON(parsing: bytes)
            } catch {
                throw ConfigurationError.file(
                    name, JSONProblem(description: "is not JSON: \(error)"))
            }
        }
    }

    private func decode<T: Decodable>(
        _ type: T.Type, keys: JSONKeys
    ) throws -> T {
        do {
            switch content {
            case .text(let bytes): return try T(json: bytes, keys: keys)
            case .value(let value): return try T(value, keys: keys)
            }
        } catch let problem as JSONProblem {
            throw ConfigurationError.file(name, problem)
        }
    }
}
