/// The tokenizer as a GGUF file's metadata describes it, under `tokenizer.ggml`.
///
/// `nil` stands for a key that is absent.
public struct GGUFVocabulary: Sendable {
    /// `model`: "gpt2" for byte-level BPE, "gemma4" and "whitespace" for that of characters, "llama" for
    /// SentencePiece BPE, "bert" for WordPiece, "t5" for SentencePiece's unigram model.
    public var model: String
    /// `pre`: the name of the pre-tokenizer pattern.
    public var pre: String?
    /// `tokens`: the spelling of each id.
    public var tokens: ByteStrings
    /// `scores`: a higher score merges first.
    public var scores: [Float]?
    /// `token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    public var types: [Int32]?
    /// `merges`: "left right", the best first.
    public var merges: ByteStrings?

    /// `bos_token_id`
    public var bos: Int?
    /// `eos_token_id`
    public var eos: Int?
    /// `eot_token_id`
    public var eot: Int?
    /// `eom_token_id`
    public var eom: Int?
    /// `unknown_token_id`
    public var unknown: Int?
    /// `padding_token_id`
    public var pad: Int?
    /// `cls_token_id`
    public var cls: Int?
    /// `seperator_token_id`, which the format spells so.
    public var separator: Int?
    /// `mask_token_id`
    public var mask: Int?

    /// `add_bos_token`
    public var addBOS: Bool?
    /// `add_eos_token`
    public var addEOS: Bool?
    /// `add_sep_token`
    public var addSeparator: Bool?
    /// `add_space_prefix`
    public var addSpacePrefix: Bool?
    /// `remove_extra_whitespaces`
    public var removeExtraSpaces: Bool?
    /// `normalizer.lowercase`
    public var lowercases: Bool?
    /// `normalizer.strip_accents`
    public var stripsAccents: Bool?
    /// `precompiled_charsmap`
    public var characterMap: [UInt8]?
    /// `tokenizer.chat_template`, which is not below `tokenizer.ggml`.
    public var chatTemplate: String?

    public init(model: String, tokens: ByteStrings) {
        self.model = model
        self.tokens = tokens
    }
}

extension GGUFVocabulary {
    /// The possible values of `pre`, in alphabetical order.
    public static var preTokenizers: [String] { PublishedPreTokenizer.names }

    /// - Throws: ``TokenizerError/unknownPreTokenizer(_:)``, and what `keys` throws.
    public static func checkPreTokenizer(_ keys: some GGUFKeys) throws {
        guard let model = try keys.string(ifPresent: "tokenizer.ggml.model") else { return }
        var file = GGUFVocabulary(model: model, tokens: ByteStrings())
        file.pre = try keys.string(ifPresent: "tokenizer.ggml.pre")
        _ = try file.publishedPreTokenizer
    }
}

/// The metadata of a GGUF file, which this module does not read itself.
///
/// All give nil for a key that is absent, and throw for a value of another kind.
public protocol GGUFKeys {
    func string(ifPresent key: String) throws -> String?
    func bool(ifPresent key: String) throws -> Bool?
    func int(ifPresent key: String) throws -> Int?
    func ints(ifPresent key: String) throws -> [Int]?
    func floats(ifPresent key: String) throws -> [Float]?
    func byteStrings(ifPresent key: String) throws -> [[UInt8]]?
}

extension GGUFVocabulary {
    /// - Throws: ``TokenizerError/missing(key:)``, and what `keys` throws.
    public init(_ keys: some GGUFKeys) throws {
        guard let model = try keys.string(ifPresent: "tokenizer.ggml.model") else {
            throw TokenizerError.missing(key: "tokenizer.ggml.model")
        }
        guard let tokens = try keys.byteStrings(ifPresent: "tokenizer.ggml.tokens") else {
            throw TokenizerError.missing(key: "tokenizer.ggml.tokens")
        }
        self.init(model: model, tokens: ByteStrings(tokens))
        pre = try keys.string(ifPresent: "tokenizer.ggml.pre")
        scores = try keys.floats(ifPresent: "tokenizer.ggml.scores")
        types = try keys.ints(ifPresent: "tokenizer.ggml.token_type")?
            .map { Int32(truncatingIfNeeded: $0) }
        merges = try keys.byteStrings(ifPresent: "tokenizer.ggml.merges").map { ByteStrings($0) }
        try readIDs(keys)
        try readSettings(keys)
        chatTemplate = try keys.string(ifPresent: "tokenizer.chat_template")
    }

    private mutating func readIDs(_ keys: some GGUFKeys) throws {
        let id = { (name: String) in try keys.int(ifPresent: "tokenizer.ggml.\(name)_token_id") }
        bos = try id("bos")
        eos = try id("eos")
        eot = try id("eot")
        eom = try id("eom")
        unknown = try id("unknown")
        pad = try id("padding")
        cls = try id("cls")
        separator = try id("seperator")
        mask = try id("mask")
    }

    private mutating func readSettings(_ keys: some GGUFKeys) throws {
        let setting = { (name: String) in try keys.bool(ifPresent: "tokenizer.ggml.\(name)") }
        addBOS = try setting("add_bos_token")
        addEOS = try setting("add_eos_token")
        addSeparator = try setting("add_sep_token")
        addSpacePrefix = try setting("add_space_prefix")
        removeExtraSpaces = try setting("remove_extra_whitespaces")
        lowercases = try setting("normalizer.lowercase")
        stripsAccents = try setting("normalizer.strip_accents")
        characterMap = try keys.ints(ifPresent: "tokenizer.ggml.precompiled_charsmap")?
            .map { UInt8(truncatingIfNeeded: $0) }
    }
}
