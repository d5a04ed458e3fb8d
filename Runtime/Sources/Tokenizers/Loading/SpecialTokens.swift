/// The tokens whose meaning a host has to know.
struct SpecialTokens {
    var bos: Int32?
    var eos: Int32?
    var eot: Int32?
    var pad: Int32?
    /// All tokens that end a generation.
    var ends: Set<Int32> = []
    /// Tokens that only a chat template may write (``TemplateWords``).
    var templateWords: Set<Int32> = []

    /// What is found in a text like a control token, whatever its file calls it.
    var guarded: Set<Int32> { ends.union(templateWords) }

    /// Names that end a turn of a conversation in published vocabularies.
    private static let turnEnds = [
        "<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<turn|>", "<|end|>", "<|return|>", "<|call|>",
        "<|endofturn|>", "<|end_of_turn|>", "<|END_OF_TURN_TOKEN|>", "<|eom_id|>", "<|eot|>",
        "<|eom|>", "<end_of_utterance>", "[|endofturn|]",
    ]
    /// Names that end a text.
    private static let textEnds = [
        "</s>", "<|endoftext|>", "<|end_of_text|>", "<eos>", "<|EOT|>", "<EOT>", "[EOS]",
        "<｜end▁of▁sentence｜>",
    ]

    /// Adds the tokens that are known only by name, and those of the chat template.
    ///
    /// - Parameter chatTemplate: the model's; empty if it has none.
    mutating func addWellKnown(_ tokens: TokenList, chatTemplate: String) {
        templateWords = TemplateWords.ids(in: chatTemplate, tokens)
        var found: [String: Int32] = [:]
        for id in 0..<tokens.count
        where tokens.kinds[id] == .control || tokens.kinds[id] == .userDefined {
            found[tokens.spellings.text(id)] = Int32(id)
        }
        // In the harmony format "<|end|>" ends a message, and "<|return|>" the answer.
        if found["<|return|>"] != nil { found["<|end|>"] = nil }
        let turns = Self.turnEnds.compactMap { found[$0] }
        if eot == nil { eot = turns.first { $0 != eos } }
        ends.formUnion(turns + Self.textEnds.compactMap { found[$0] })
        ends.formUnion([eos, eot].compactMap { $0 })
    }
}

extension TokenizerVocabulary {
    init(
        _ tokens: TokenList, _ decoder: PieceDecoder, _ special: SpecialTokens, _ template: Template
    ) {
        pieces = decoder.pieces(tokens)
        attributes = tokens.kinds.map(Attributes.init)
        for id in special.ends { attributes[Int(id)].insert([.end, .control]) }
        bos = special.bos
        eos = special.eos
        eot = special.eot
        pad = special.pad
        spacePrefix = decoder.spacePrefix
        if case .suffix = decoder.words { spaceSuffix = true }
        addsBOS = special.bos.map(template.prefix.contains) ?? false
        addsEOS = special.eos.map(template.suffix.contains) ?? false
    }
}

extension TokenizerVocabulary.Attributes {
    fileprivate init(_ kind: TokenList.Kind) {
        self =
            switch kind {
            case .control, .unknown: .control
            case .byte: .byte
            case .unused: .unused
            case .normal, .userDefined: []
            }
    }
}
