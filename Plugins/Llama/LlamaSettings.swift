import ModelJSON
import PluginCommon

/// The model's own settings of plugins.toml.
struct LlamaSettings: Decodable {
    /// F16 by default.
    var cacheType: CacheType?
    /// Overrides what a GGUF file names.
    var preTokenizer: PreTokenizerName?

    private static let known = ["cache_type", "pre_tokenizer"]

    /// - Parameter json: an object, or empty.
    /// - Throws: `LlamaError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        do {
            let names = try ObjectKeys(json: json.utf8, keys: .verbatim).names
            let unknown = names.subtracting(Self.known)
            guard unknown.isEmpty else {
                throw LlamaError.unknownSettings(unknown.sorted(), known: Self.known)
            }
            self = try Self(json: json.utf8)
        } catch let problem as JSONProblem {
            throw LlamaError.settings(problem)
        }
    }
}
