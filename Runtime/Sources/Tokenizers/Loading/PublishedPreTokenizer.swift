/// What `tokenizer.ggml.pre` stands for.
struct PublishedPreTokenizer {
    /// Applied in turn: each cuts what the one before left.
    var patterns: [String]
    /// A word that is a token needs no merges.
    var ignoresMerges = false
    /// Adds the bos token where the file does not say.
    var addsBOS = false
    /// Ends a text, and parts those of a pair, with the separator, where the file does not say.
    var separates = false
    /// Normalizes to form C first.
    var composes = false

    /// - Returns: nil for a name that is not known.
    static func named(_ name: String) -> PublishedPreTokenizer? {
        switch name {
        case "default": .fallback
        case "gpt-2", "gpt2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "mpt",
            "olmo", "jais", "trillion", "granite-docling", "exaone4", "mellum", "modern-bert",
            "gigachat", "a.x-4.0":
            .init(patterns: [PublishedPattern.gpt2])
        case "roberta-bpe", "jina-v1-en", "jina-v2-code":
            .init(patterns: [PublishedPattern.gpt2], separates: true)
        case "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
            "lfm2":
            .init(patterns: [PublishedPattern.llama3], ignoresMerges: true, addsBOS: true)
        case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe":
            .init(patterns: [PublishedPattern.llama3])
        case "qwen2": .init(patterns: [PublishedPattern.qwen2], composes: true)
        case "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2":
            .init(patterns: [PublishedPattern.qwen2])
        case "qwen35": .init(patterns: [PublishedPattern.qwen35], composes: true)
        case "gpt-4o", "o200k", "llama4", "kanana2", "minimax-m2":
            .init(patterns: [PublishedPattern.o200k])
        case "tekken":
            .init(patterns: [PublishedPattern.tekken], ignoresMerges: true, addsBOS: true)
        case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b":
            .init(patterns: [PublishedPattern.oneDigit, PublishedPattern.gpt2])
        case "deepseek-v3", "hunyuan-dense":
            .init(patterns: [
                PublishedPattern.threeDigits, PublishedPattern.ideographs,
                PublishedPattern.deepseekV3,
            ])
        case "deepseek-coder":
            .init(patterns: [
                #"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#,
                #"[\x{4e00}-\x{9fa5}\x{0800}-\x{4e00}\x{ac00}-\x{d7ff}]+"#,
                PublishedPattern.oneDigit,
            ])
        case "falcon":
            .init(patterns: [
                #"[\p{P}\$\+<=>\^~\|`]+"#, PublishedPattern.gpt2, "[0-9][0-9][0-9]",
            ])
        default: nil
        }
    }

    /// What files that name no pattern have always been read with.
    static let fallback = PublishedPreTokenizer(patterns: [
        #"[\p{P}\$\+<=>\^~\|]+"#, PublishedPattern.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]",
    ])

    func preTokenizer() throws -> any PreTokenizer {
        PreTokenizerSequence(steps: try patterns.map { Split(try Pattern($0)) })
    }
}
