import ModelJSON
import PluginCommon

/// The model's own settings of plugins.toml.
struct LlamaSettings: Decodable {
    /// F16 by default.
    var cacheType: CacheType?
    /// Overrides what a GGUF file names.
    var preTokenizer: PreTokenizerName?
    /// Overrides what the files say.
    var purpose: Purpose?
    /// Nothing but to write the file again.
    var quantize: QuantizationOrder?

    // Of a model that embeds.

    /// Overrides the model's own.
    var pooling: Pooling?
    /// Whether vectors have length 1 if the caller does not say; true by default.
    var normalize: Bool?
    /// The longest text, at most the number of positions that the model has.
    var maxTokens: Int?
    var queryPrefix: String?
    var passagePrefix: String?
    /// Whether the first numbers of a vector are a vector too, for models that do not say.
    var matryoshka: Bool?

    // Of a model that ranks.

    /// What the model judges: a text with {query}, {document} and perhaps {instruction}.
    var rankTemplate: String?
    /// What {instruction} stands for.
    var instruction: String?

    private static let known = [
        "cache_type", "pre_tokenizer", "purpose", "quantize", "pooling", "normalize", "max_tokens",
        "query_prefix", "passage_prefix", "matryoshka", "rank_template", "instruction",
    ]

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
        if let maxTokens, maxTokens < 8 {
            throw LlamaError.setting("max_tokens", found: "\(maxTokens)", expected: "at least 8")
        }
    }
}
