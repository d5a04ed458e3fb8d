import FoundationEssentials
import ModelJSON

/// A JSON file beside the weights.
public struct ConfigurationFile {
    public let name: String
    private let bytes: [UInt8]

    /// Files of configuration are small.
    private static let longest = 1 << 24

    public init(name: String, _ bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
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
        bytes = Array(data)
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

    private func decode<T: Decodable>(
        _ type: T.Type, keys: JSONKeys
    ) throws -> T {
        do {
            return try T(json: bytes, keys: keys)
        } catch let problem as JSONProblem {
            throw ConfigurationError.file(name, problem)
        }
    }
}
