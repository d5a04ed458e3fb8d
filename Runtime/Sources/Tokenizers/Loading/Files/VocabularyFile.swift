import ModelJSON

/// A `vocab.txt`, one token per line, and what `tokenizer_config.json` says about it: what BERT
/// models used before tokenizer.json, and still ship beside it.
extension TokenizerJSON {
    /// - Parameters:
    ///   - isMPNet: whether the special tokens are RoBERTa's.
    ///   - settings: tokenizer_config.json, if it is there.
    init(vocabulary bytes: [UInt8], isMPNet: Bool, settings: JSONNode?) throws {
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let end = line.last == UInt8(ascii: "\r") ? line.endIndex - 1 : line.endIndex
            model.tokens.append(line[..<end])
        }
        if bytes.last == UInt8(ascii: "\n") {
            model.tokens = model.tokens.resized(to: model.tokens.count - 1)
        }
        model.ids = Array(0..<model.tokens.count)
        let names = try NamedTokens(
            isMPNet ? Self.mpnetNames : Self.bertNames,
            leftStripping: isMPNet ? ["<mask>"] : [], settings)
        addedTokens = try names.added(to: model)
        normalizer = try Self.normalizer(settings)
        preTokenizer = .object("pre_tokenizer", [("type", .string("BertPreTokenizer"))])
        decoder = .object("decoder", [("type", .string("WordPiece"))])
        postProcessor = try names.postProcessor(
            isMPNet ? "RobertaProcessing" : "BertProcessing", addedTokens,
            [("trim_offsets", .bool(false))])
        model.options = .object(
            "model",
            [
                ("type", .string("WordPiece")),
                ("unk_token", .string(names.names["unk_token"] ?? "")),
            ])
    }

    private static let bertNames = [
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    ]

    private static let mpnetNames = [
        "unk_token": "[UNK]", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>",
        "mask_token": "<mask>",
    ]

    private static func normalizer(_ settings: JSONNode?) throws -> JSONNode {
        let setting = { (key: String) in try settings?.optional(key)?.bool }
        return .object(
            "normalizer",
            [
                ("type", .string("BertNormalizer")),
                ("lowercase", .bool(try setting("do_lower_case") ?? true)),
                ("strip_accents", try setting("strip_accents").map { .bool($0) } ?? .null),
                ("handle_chinese_chars", .bool(try setting("tokenize_chinese_chars") ?? true)),
            ])
    }
}
