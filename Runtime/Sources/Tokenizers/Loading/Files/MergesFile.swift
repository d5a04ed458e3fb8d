import ModelJSON

/// `vocab.json` and `merges.txt`: what byte-level models used before tokenizer.json, and still ship
/// beside it.
extension TokenizerJSON {
    /// What the tokenizer classes with such files do besides merging.
    enum ByteLevelKind {
        case gpt2, roberta, clip

        /// - Parameter name: a class of tokenizer or a type of model.
        init?(_ name: String) {
            switch name {
            case "GPT2Tokenizer", "gpt2": self = .gpt2
            case "RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer",
                "roberta", "bart", "longformer", "led":
                self = .roberta
            case "CLIPTokenizer", "clip", "clip_text_model": self = .clip
            default: return nil
            }
        }
    }

    init(
        vocabulary: [UInt8], merges: [UInt8], _ kind: ByteLevelKind, settings: JSONNode?
    ) throws {
        try TokenizerError.readingJSON(vocabulary) { try model.readVocabulary(&$0) }
        try model.readMerges(lines: merges)
        let names = try NamedTokens(kind.names, leftStripping: ["<mask>"], settings)
        addedTokens = try names.added(to: model)
        let prefixes = try settings?.optional("add_prefix_space")?.bool ?? false
        let byteLevel: [(key: String, value: JSON)] = [
            ("type", .string("ByteLevel")), ("add_prefix_space", .bool(prefixes)),
        ]
        preTokenizer = kind.preTokenizer(byteLevel)
        decoder = .object("decoder", byteLevel)
        normalizer = kind.normalizer
        model.options = .object("model", kind.options)
        guard kind != .gpt2 else { return }
        postProcessor = try names.postProcessor(
            "RobertaProcessing", addedTokens,
            [("trim_offsets", .bool(kind == .roberta)), ("add_prefix_space", .bool(prefixes))])
    }
}

extension TokenizerJSON.Model {
    /// One merge per line, except the first line, which may name a version.
    fileprivate mutating func readMerges(lines file: [UInt8]) throws {
        let lines = file.split(separator: UInt8(ascii: "\n"))
        for (number, line) in lines.enumerated() {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if number == 0 && line.starts(with: "#version".utf8) || line.isEmpty { continue }
            guard merges.appendPair(line.span) else {
                throw TokenizerError.invalid(
                    key: "merges.txt", found: "'\(String(decoding: line, as: UTF8.self))'",
                    expected: "two tokens with a space between them")
            }
        }
    }
}

extension TokenizerJSON.ByteLevelKind {
    fileprivate var names: [String: String] {
        switch self {
        case .gpt2:
            [
                "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>",
            ]
        case .roberta:
            [
                "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
                "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>",
            ]
        case .clip:
            [
                "cls_token": "<|startoftext|>", "sep_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>",
            ]
        }
    }

    fileprivate var normalizer: JSONNode? {
        guard self == .clip else { return nil }
        let spaces: [(key: String, value: JSON)] = [
            ("type", .string("Replace")), ("pattern", .object([("Regex", .string(#"\s+"#))])),
            ("content", .string(" ")),
        ]
        let steps: [JSON] = [
            .object([("type", .string("NFC"))]), .object(spaces),
            .object([("type", .string("Lowercase"))]),
        ]
        return .object(
            "normalizer", [("type", .string("Sequence")), ("normalizers", .array(steps))])
    }

    fileprivate func preTokenizer(_ byteLevel: [(key: String, value: JSON)]) -> JSONNode {
        guard self == .clip else { return .object("pre_tokenizer", byteLevel) }
        let words: [(key: String, value: JSON)] = [
            ("type", .string("Split")),
            ("pattern", .object([("Regex", .string(PublishedPattern.clip))])),
            ("behavior", .string("Removed")), ("invert", .bool(true)),
        ]
        return .object(
            "pre_tokenizer",
            [
                ("type", .string("Sequence")),
                ("pretokenizers", .array([.object(words), .object(byteLevel)])),
            ])
    }

    fileprivate var options: [(key: String, value: JSON)] {
        let type: [(key: String, value: JSON)] = [("type", .string("BPE"))]
        return self == .clip ? type + [("end_of_word_suffix", .string("</w>"))] : type
    }
}
