import FoundationEssentials
import PluginCommon

/// A JSON file beside the weights.
struct ConfigurationFile {
    let name: String
    private let data: Data

    /// Files of configuration are small.
    private static let longest = 1 << 24

    init(name: String, _ bytes: [UInt8]) {
        self.name = name
        data = Data(bytes)
    }

    /// - Throws: `BertError.missing` naming the file.
    init(_ path: String) throws {
        guard let file = Self(ifPresent: path) else { throw BertError.missing(path) }
        self = file
    }

    init?(ifPresent path: String) {
        guard let data = FileManager.default.contents(atPath: path), data.count <= Self.longest
        else { return nil }
        name = path
        self.data = data
    }

    /// Keys in snake case become camel case.
    ///
    /// - Throws: `BertError.configuration` naming what is missing or of the wrong kind.
    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        do {
            return try T(json: data)
        } catch let problem as JSONProblem {
            throw BertError.configuration(file: name, problem)
        }
    }
}
