import ModelJSON
import PluginCommon

/// The model's own settings of plugins.toml.
struct SummarizerSettings: Decodable {
    /// F16 by default.
    var cacheType: CacheType?
    /// By default as the checkpoint has them.
    var precision: RoundedTo?

    private static let known = ["cache_type", "precision"]

    /// - Parameter json: an object, or empty.
    /// - Throws: `SummarizerError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        do {
            let names = try ObjectKeys(json: json.utf8, keys: .verbatim).names
            let unknown = names.subtracting(Self.known)
            guard unknown.isEmpty else {
                throw SummarizerError.unknownSettings(unknown.sorted(), known: Self.known)
            }
            self = try Self(json: json.utf8)
        } catch let problem as JSONProblem {
            throw SummarizerError.settings(problem)
        }
    }
}
