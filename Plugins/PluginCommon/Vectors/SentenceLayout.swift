/// What sentence-transformers' files say about a model: which modules follow the network, how long
/// a text may be, and which prefix it gets.
public struct SentenceLayout: Sendable {
    /// Nil if no file says so.
    public var pooling: Pooling?
    /// The directories of `Dense` modules, in order.
    public var projections: [String] = []
    /// The longest text, special tokens included; nil if no file says so.
    public var maxTokens: Int?
    public var prompts = Prompts()
    /// The network reads a prompt, but the vector is formed without its tokens.
    public var excludesPrompt = false
    /// Texts are lower-cased before they are tokenized, whatever the tokenizer does.
    public var lowercases = false

    /// What is put before a text.
    public struct Prompts: Sendable {
        public var query = ""
        public var passage = ""
        /// Before a text that is neither.
        public var other = ""
    }

    public init() {}

    /// - Throws: `ConfigurationError` for a module or a pooling mode that this plugin does not implement.
    public init(directory: String) throws {
        try read(modules: directory)
        if let file = ConfigurationFile(ifPresent: "\(directory)/sentence_bert_config.json") {
            let settings = try file.decode(SentenceBertConfiguration.self)
            maxTokens = settings.maxSeqLength
            lowercases = settings.doLowerCase ?? false
        }
        maxTokens = maxTokens ?? Self.modelMaxLength(directory)
        if let file = ConfigurationFile(
            ifPresent: "\(directory)/config_sentence_transformers.json")
        {
            prompts = try Prompts(file.decode(SentenceTransformersConfiguration.self))
        }
    }

    /// From `tokenizer_config.json`; some have a number that no text reaches. `tokenizer.json` does
    /// not count: its truncation is for training.
    private static func modelMaxLength(_ directory: String) -> Int? {
        guard let file = ConfigurationFile(ifPresent: "\(directory)/tokenizer_config.json"),
            let length = try? file.decode(TokenizerLimits.self).modelMaxLength, length >= 8
        else { return nil }
        return Int(exactly: length.rounded())
    }

    private mutating func read(modules directory: String) throws {
        guard let file = ConfigurationFile(ifPresent: "\(directory)/modules.json") else { return }
        for module in try file.decode([Module].self) {
            let path = try "\(directory)/\(module.folder)"
            switch module.kind {
            case "Transformer", "Normalize": break
            case "Pooling":
                let settings: PoolingConfiguration =
                    try ConfigurationFile("\(path)/config.json").decode()
                pooling = try settings.pooling
                excludesPrompt = settings.includePrompt == false
            case "Dense": projections.append(path)
            default:
                throw ConfigurationError.unsupported(
                    "modules.json", found: module.kind,
                    expected: "Transformer, Pooling, Dense, Normalize")
            }
        }
    }
}

private struct Module: Decodable {
    /// A class: `sentence_transformers.models.Pooling`.
    let type: String
    let path: String

    var kind: String { type.split(separator: ".").last.map(String.init) ?? type }

    /// A module must not lead out of its model's folder.
    var folder: String {
        get throws {
            guard !path.contains("/"), !path.contains("\0"), path != "..", path != "." else {
                throw ConfigurationError.range(
                    "path", found: "'\(path)' in modules.json", expected: "the name of a folder")
            }
            return path
        }
    }
}

private struct PoolingConfiguration: Decodable {
    let poolingMode: String?
    let poolingModeClsToken: Bool?
    let poolingModeMeanTokens: Bool?
    let poolingModeMaxTokens: Bool?
    let poolingModeMeanSqrtLenTokens: Bool?
    let poolingModeWeightedmeanTokens: Bool?
    let poolingModeLasttoken: Bool?
    let includePrompt: Bool?

    private static let names: [String: Pooling] = [
        "cls": .cls, "mean": .mean, "max": .max, "mean_sqrt_len_tokens": .meanSqrtLen,
        "lasttoken": .last,
    ]

    var pooling: Pooling {
        get throws {
            let flags: [(String, Bool?)] = [
                ("cls", poolingModeClsToken), ("mean", poolingModeMeanTokens),
                ("max", poolingModeMaxTokens),
                ("mean_sqrt_len_tokens", poolingModeMeanSqrtLenTokens),
                ("weightedmean", poolingModeWeightedmeanTokens),
                ("lasttoken", poolingModeLasttoken),
            ]
            let set = poolingMode.map { [$0] } ?? flags.filter { $0.1 == true }.map(\.0)
            guard set.count == 1, let pooling = Self.names[set[0]] else {
                throw ConfigurationError.unsupported(
                    "pooling_mode", found: set.isEmpty ? "none" : set.joined(separator: " and "),
                    expected: "one of \(Self.names.keys.sorted().joined(separator: ", "))")
            }
            return pooling
        }
    }
}

private struct TokenizerLimits: Decodable {
    let modelMaxLength: Double?
}

private struct SentenceBertConfiguration: Decodable {
    let maxSeqLength: Int?
    let doLowerCase: Bool?
}

private struct SentenceTransformersConfiguration: Decodable {
    let prompts: [String: String]?
    let defaultPromptName: String?
}

extension SentenceLayout.Prompts {
    fileprivate init(_ c: SentenceTransformersConfiguration) throws {
        let prompts = c.prompts ?? [:]
        other = c.defaultPromptName.flatMap { prompts[$0] } ?? ""
        query = prompts["query"] ?? other
        passage = prompts["document"] ?? prompts["passage"] ?? prompts["corpus"] ?? other
    }
}
