/// The tokenizer as a GGUF file's metadata describes it, under `tokenizer.ggml`.
///
/// This module does not read GGUF: whoever does fills in what the file has, `nil` where a key is absent.
public struct GGUFVocabulary: Sendable {
    /// `model`: "gpt2" for byte-level BPE, "llama" for SentencePiece BPE, "bert" for WordPiece, "t5" for
    /// SentencePiece's unigram model.
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

    public init(model: String, tokens: ByteStrings) {
        self.model = model
        self.tokens = tokens
    }
}
