import FoundationEssentials
import ModelJSON
import PluginCommon

/// A JSON file beside the weights.
struct ConfigurationFile {
    let name: String
    private let data: Data

    init(name: String, _ bytes: [UInt8]) {
        self.name = name
        data = Data(bytes)
    }

    /// Keys in snake case become camel case.
    ///
    /// - Throws: `SummarizerError.configuration` naming what is missing or of the wrong kind.
    func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try decode(type, keys: .fromSnakeCase)
    }

    /// Keys stay as they are.
    ///
    /// - Throws: as `decode`.
    func decodeVerbatim<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try decode(type, keys: .verbatim)
    }

    private func decode<T: Decodable>(
        _ type: T.Type, keys: JSONKeys
    ) throws -> T {
        do {
            return try T(json: data, keys: keys)
        } catch let problem as JSONProblem {
            throw SummarizerError.configuration(file: name, problem)
        }
    }
}
