import FoundationEssentials
import PluginCommon
import PluginKit

/// The model's own settings of plugins.toml.
struct SummarizerSettings: Decodable {
    /// F16 unless said otherwise.
    var cacheType: CacheType?
    /// As the checkpoint has them unless said otherwise.
    var precision: RoundedTo?

    private static let known = ["cache_type", "precision"]

    /// - Parameter json: an object, or empty.
    /// - Throws: `SummarizerError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        let data = Data(json.utf8)
        let decoder = JSONDecoder()
        do {
            let unknown = try decoder.decode(ObjectKeys.self, from: data).names.subtracting(
                Self.known)
            guard unknown.isEmpty else {
                throw SummarizerError.unknownSettings(unknown.sorted(), known: Self.known)
            }
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            self = try decoder.decode(Self.self, from: data)
        } catch let error as DecodingError {
            throw SummarizerError.settings(error)
        }
    }
}
