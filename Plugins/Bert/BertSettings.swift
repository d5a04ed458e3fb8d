import ModelJSON
import PluginCommon
import TensorRuntime

/// The model's own settings of plugins.toml.
struct BertSettings: Decodable, Sendable {
    /// Unless said otherwise bf16 where that is fast, since its vectors point where F32's do; else f32.
    var precision: RoundedTo?
    /// Overrides the model's own.
    var pooling: Pooling?
    /// Whether vectors have length 1 if the caller does not say; true by default.
    var normalize: Bool?
    /// At most the number of positions that the model has.
    var maxTokens: Int?
    var queryPrefix: String?
    var passagePrefix: String?
    /// How many tokens the windows of an overlong text share.
    var windowStride: Int?
    /// Whether the first numbers of a vector are a vector too, for models that do not say.
    var matryoshka: Bool?
    /// Overrides what a GGUF file names.
    var preTokenizer: PreTokenizerName?

    static let known = [
        "precision", "pooling", "normalize", "max_tokens", "query_prefix", "passage_prefix",
        "window_stride", "matryoshka", "pre_tokenizer",
    ]

    /// - Parameter json: an object, or empty.
    /// - Throws: `BertError` naming a key that is unknown or has a value of the wrong kind.
    init(json: String) throws {
        guard !json.isEmpty else { return }
        do {
            let names = try ObjectKeys(json: json.utf8, keys: .verbatim).names
            if let unknown = names.sorted().first(where: { !Self.known.contains($0) }) {
                throw BertError.unknownSetting(
                    unknown, nearest: Self.nearest(to: unknown), known: Self.known)
            }
            self = try Self(json: json.utf8)
        } catch let problem as JSONProblem {
            throw BertError.settings(problem)
        }
        try check()
    }

    /// The setting with the smallest edit distance.
    private static func nearest(to unknown: String) -> String {
        known.min { unknown.editDistance(to: $0) < unknown.editDistance(to: $1) } ?? ""
    }

    private func check() throws {
        for (key, value, least) in [
            ("max_tokens", maxTokens, 8), ("window_stride", windowStride, 0),
        ] {
            if let value, value < least {
                throw BertError.setting(key, found: "\(value)", expected: "at least \(least)")
            }
        }
    }
}
