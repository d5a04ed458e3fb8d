/// What a model's own tokenizer makes of a SentencePiece file: the ids of its pieces, and what it
/// puts around a text.
struct SentencePieceLayout {
    enum Frame {
        case none
        /// `A </s>`
        case end
        /// `<s> A`, as the settings say.
        case begin
        /// `<s> A </s>`
        case both
    }

    /// Tokens before the pieces.
    var leading: [(name: String, kind: TokenList.Kind)] = []
    /// How many pieces at the beginning of the file are skipped.
    var skipped = 0
    /// Whether the first used piece has no meaning.
    var startsUnused = false
    /// Tokens after the pieces, which are searched for in texts.
    var trailing: [String] = []
    /// Tokens that absorb the space before them.
    var leftStripping: Set<String> = []
    var bos: String?
    var eos: String?
    var pad: String?
    var frame = Frame.none

    /// A file about which nothing else is known.
    static let plain = SentencePieceLayout(bos: "<s>", eos: "</s>", pad: "<pad>")

    /// - Parameter settings: `tokenizer_config.json`.
    /// - Returns: nil for a class or type of model that is not known.
    static func named(_ name: String, _ settings: JSONNode?) throws -> SentencePieceLayout? {
        switch name {
        case "T5Tokenizer", "MT5Tokenizer", "t5", "mt5": try t5(settings)
        case "XLMRobertaTokenizer", "xlm-roberta": xlmRoberta
        case "CamembertTokenizer", "camembert": camembert
        case "LlamaTokenizer", "llama", "mistral":
            SentencePieceLayout(bos: "<s>", eos: "</s>", frame: .begin)
        case "GemmaTokenizer", "gemma", "gemma2":
            SentencePieceLayout(bos: "<bos>", eos: "<eos>", pad: "<pad>", frame: .begin)
        default: nil
        }
    }

    /// Raffel et al. 2019 (arXiv:1910.10683): sentinels follow the pieces, the last sentinel first.
    private static func t5(_ settings: JSONNode?) throws -> SentencePieceLayout {
        let count = try settings?.optional("extra_ids")
        let sentinels = try count?.integer ?? 100
        guard (0...10_000).contains(sentinels) else {
            throw TokenizerError.invalid(
                key: "extra_ids", found: "\(sentinels)", expected: "0 to 10000")
        }
        return SentencePieceLayout(
            trailing: (0..<sentinels).reversed().map { "<extra_id_\($0)>" }, eos: "</s>",
            pad: "<pad>", frame: .end)
    }

    /// The ids of fairseq's dictionary, whose own tokens come first.
    private static let xlmRoberta = SentencePieceLayout(
        leading: [
            ("<s>", .control), ("<pad>", .control), ("</s>", .control), ("<unk>", .unknown),
        ],
        skipped: 3, trailing: ["<mask>"], leftStripping: ["<mask>"], bos: "<s>", eos: "</s>",
        pad: "<pad>", frame: .both)

    /// The same, except that the file's own tokens come again at the end.
    private static let camembert = SentencePieceLayout(
        leading: [
            ("<s>NOTUSED", .control), ("<pad>", .control), ("</s>NOTUSED", .control),
            ("<unk>", .unknown),
        ],
        startsUnused: true, trailing: ["<mask>"], leftStripping: ["<mask>"], bos: "<s>",
        eos: "</s>", pad: "<pad>", frame: .both)
}
