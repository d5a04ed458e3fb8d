import FoundationEssentials
import ModelJSON
import PluginCommon

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
        do {
            let names = try ObjectKeys(json: data, keys: .verbatim).names
            let unknown = names.subtracting(Self.known)
            guard unknown.isEmpty else {
                throw SummarizerError.unknownSettings(unknown.sorted(), known: Self.known)
            }
            self = try Self(json: data)
        } catch let problem as JSONProblem {
            throw SummarizerError.settings(problem)
        }
    }
}
