import FoundationEssentials
import PluginCommon
import PluginKit

/// The model's own settings of plugins.toml.
struct LlamaSettings: Decodable {
    /// F16 unless said otherwise.
    var cacheType: CacheType?

    /// - Parameter json: an object, or empty.
    /// - Throws: `LlamaError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = Data(json.utf8)
        do {
            let unknown = try decoder.decode(ObjectKeys.self, from: data).names.subtracting([
                "cacheType"
            ])
            guard unknown.isEmpty else { throw LlamaError.unknownSettings(unknown.sorted()) }
            self = try decoder.decode(Self.self, from: data)
        } catch let error as DecodingError {
            throw LlamaError.settings(error)
        }
    }
}
