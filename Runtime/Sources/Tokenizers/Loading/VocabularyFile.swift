/// A `vocab.txt`, one token in each line, and what `tokenizer_config.json` says of it: what BERT models
/// had before tokenizer.json, and still have beside it.
extension TokenizerJSON {
    /// - Parameter settings: tokenizer_config.json, where it is there.
    init(vocabulary bytes: [UInt8], settings: JSONNode?) throws {
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let end = line.last == UInt8(ascii: "\r") ? line.endIndex - 1 : line.endIndex
            model.tokens.append(line[..<end])
        }
        if bytes.last == UInt8(ascii: "\n") {
            model.tokens = model.tokens.resized(to: model.tokens.count - 1)
        }
        model.ids = Array(0..<model.tokens.count)
        let names = try Self.names(settings)
        addedTokens = try added(names)
        normalizer = try Self.normalizer(settings)
        preTokenizer = Self.node("pre_tokenizer", [("type", .string("BertPreTokenizer"))])
        decoder = Self.node("decoder", [("type", .string("WordPiece"))])
        postProcessor = try postProcessor(names)
        model.options = Self.node(
            "model",
            [("type", .string("WordPiece")), ("unk_token", .string(names["unk_token"] ?? ""))])
    }
}

extension TokenizerJSON {
    private static func node(_ path: String, _ members: [(key: String, value: JSON)]) -> JSONNode {
        JSONNode(.object(members), at: path)
    }

    /// What each special token is called.
    private static func names(_ settings: JSONNode?) throws -> [String: String] {
        var names = [
            "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
            "mask_token": "[MASK]",
        ]
        for key in names.keys {
            if let name = try settings.flatMap({ try TokenizerConfiguration.name($0, key) }) {
                names[key] = name
            }
        }
        return names
    }

    private func added(_ names: [String: String]) throws -> [AddedToken] {
        var added: [AddedToken] = []
        for id in 0..<model.tokens.count
        where names.values.contains(where: { model.tokens[id].elementsEqual($0.utf8) }) {
            added.append(
                AddedToken(
                    id: try TokenID.checked(id, key: "vocab.txt"),
                    content: Array(model.tokens[id]), special: true))
        }
        return added
    }

    private static func normalizer(_ settings: JSONNode?) throws -> JSONNode {
        let setting = { (key: String) in try settings?.optional(key)?.bool }
        return node(
            "normalizer",
            [
                ("type", .string("BertNormalizer")),
                ("lowercase", .bool(try setting("do_lower_case") ?? true)),
                ("strip_accents", try setting("strip_accents").map { .bool($0) } ?? .null),
                ("handle_chinese_chars", .bool(try setting("tokenize_chinese_chars") ?? true)),
            ])
    }

    private func postProcessor(_ names: [String: String]) throws -> JSONNode {
        let end = { (key: String, name: String?) throws -> (key: String, value: JSON) in
            guard let name, let token = addedTokens.first(where: { $0.content == Array(name.utf8) })
            else { throw TokenizerError.missing(key: "\(name ?? key)") }
            return (key, .array([.string(name), .integer(Int(token.id))]))
        }
        return Self.node(
            "post_processor",
            [
                ("type", .string("BertProcessing")), try end("cls", names["cls_token"]),
                try end("sep", names["sep_token"]),
            ])
    }
}
