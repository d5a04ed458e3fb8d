/// The pre-tokenizers of tokenizer.json.
enum PreTokenizers {
    static func make(_ node: JSONNode) throws -> any PreTokenizer {
        let kind = try node["type"].string
        switch kind {
        case "Sequence":
            let steps = try node["pretokenizers"].elements
            try requireByteLevelLast(steps)
            return PreTokenizerSequence(steps: try steps.map(make))
        case "Split": return try split(node)
        case "ByteLevel": return try byteLevel(node)
        case "BertPreTokenizer": return BertPreTokenizer()
        case "Metaspace":
            let spelling = try MetaspaceSpelling(node)
            return Metaspace(
                replacement: spelling.mark, prepend: spelling.prepend, splits: spelling.splits)
        case "Digits":
            let each = try node.optional("individual_digits")?.bool ?? false
            return Split(try Pattern(#"\p{N}"#), each ? .isolated : .contiguous)
        case "Punctuation":
            let behavior = try node.optional("behavior").map(Self.behavior) ?? .isolated
            return Split(try Pattern(#"[\p{P}!-/:-@\[-`{-~]"#), behavior)
        case "Whitespace":
            // Here the joiners are parts of words, and the superscripts of Latin-1 are not.
            return Split(
                try Pattern(#"[\w\x{200c}\x{200d}]+|[^\w\s\x{200c}\x{200d}]+"#), .removed,
                inverted: true)
        case "WhitespaceSplit": return Split(try Pattern(#"\s"#), .removed)
        default: throw TokenizerError.unsupported(part: "pre-tokenizer", kind: kind)
        }
    }

    /// Whether the words of `node` are spelled in the byte alphabet.
    static func spellsBytes(_ node: JSONNode) throws -> Bool {
        switch try node["type"].string {
        case "ByteLevel": true
        case "Sequence": try node["pretokenizers"].elements.contains(where: spellsBytes)
        default: false
        }
    }

    /// Here words stay bytes; a pre-tokenizer after ByteLevel would see the byte alphabet instead.
    private static func requireByteLevelLast(_ steps: [JSONNode]) throws {
        for step in steps.dropLast() where try spellsBytes(step) {
            throw TokenizerError.unsupported(part: "pre-tokenizer", kind: "ByteLevel before others")
        }
    }

    private static func split(_ node: JSONNode) throws -> any PreTokenizer {
        let pattern = try node["pattern"]
        let source =
            if let text = try pattern.optional("String") {
                Pattern.quoted(try text.string)
            } else {
                try pattern["Regex"].string
            }
        return Split(
            try Pattern(source), try behavior(try node["behavior"]),
            inverted: try node.optional("invert")?.bool ?? false)
    }

    private static func behavior(_ node: JSONNode) throws -> Split.Behavior {
        guard let behavior = Split.Behavior(rawValue: try node.string) else {
            throw TokenizerError.unsupported(part: node.path, kind: try node.string)
        }
        return behavior
    }

    private static func byteLevel(_ node: JSONNode) throws -> any PreTokenizer {
        var steps: [any PreTokenizer] = []
        if try node.optional("add_prefix_space")?.bool ?? true { steps.append(SpaceBefore()) }
        if try node.optional("use_regex")?.bool ?? true {
            steps.append(Split(try Pattern(PublishedPattern.gpt2)))
        }
        return PreTokenizerSequence(steps: steps)
    }
}
