/// Builds a tokenizer from what a GGUF file says.
struct GGUFLoading {
    let file: GGUFVocabulary
    let tokens: TokenList

    init(_ file: GGUFVocabulary) throws {
        self.file = file
        _ = try TokenID.checked(file.tokens.count - 1, key: "tokenizer.ggml.tokens")
        tokens = TokenList(file.tokens, kinds: try Self.kinds(file))
    }

    func tokenizer() throws -> any Tokenizer {
        switch file.model {
        case "gpt2", "gemma4", "whitespace": try bytePairs()
        case "llama": try sentencePiece()
        case "bert": try wordPiece()
        case "t5": try unigram()
        default: throw TokenizerError.unsupported(part: "tokenizer.ggml.model", kind: file.model)
        }
    }

    private static func kinds(_ file: GGUFVocabulary) throws -> [TokenList.Kind] {
        guard let types = file.types else {
            return (0..<file.tokens.count).map {
                TokenList.byte(file.tokens[$0]) == nil ? .normal : .byte
            }
        }
        try require(types.count, file.tokens.count, "tokenizer.ggml.token_type")
        return try types.map { type in
            guard let kind = TokenList.Kind(rawValue: type) else {
                throw TokenizerError.invalid(
                    key: "tokenizer.ggml.token_type", found: "\(type)", expected: "1 to 6")
            }
            return kind
        }
    }

    private static func require(_ count: Int, _ expected: Int, _ key: String) throws {
        guard count == expected else {
            throw TokenizerError.invalid(
                key: key, found: "\(count) long",
                expected: "one entry for each of \(expected) tokens")
        }
    }
}

// MARK: - Kinds of model

extension GGUFLoading {
    private func sentencePiece() throws -> any Tokenizer {
        let scores = try scores()
        let special = try specialTokens(bos: 1, eos: 2)
        let tokens = tokens.withholding(special.guarded)
        let table = try TokenTable(tokens.spellings, where: tokens.isPiece)
        let template = try template(special, addsBOS: true)
        let prefixes = file.addSpacePrefix ?? true
        let normalizer = Self.spacesAsMarks(prefixed: prefixes)
        let cutsWords = MetaspaceWords.areExact(for: table, where: tokens.isPiece)
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, .metaspace(spacePrefix: prefixes), special, template),
            notes: notes,
            added: try added(tokens, normalizer, special),
            normalizer: normalizer,
            preTokenizer: cutsWords ? MetaspaceWords() : nil,
            model: BPE(
                alphabet: .characters(table, fallback: try fallback()),
                rule: ScoredMerges(table, scores: scores), wholeWords: nil),
            template: template)
    }

    /// The score of each token.
    func scores() throws -> [Float] {
        let key = "tokenizer.ggml.scores"
        guard let scores = file.scores else { throw TokenizerError.missing(key: key) }
        try Self.require(scores.count, tokens.count, key)
        guard !scores.contains(where: \.isNaN) else {
            throw TokenizerError.invalid(key: key, found: "not a number", expected: "numbers")
        }
        return scores
    }

    private static func spacesAsMarks(prefixed: Bool) -> any Normalizer {
        let spaces = Replace(target: [UInt8(ascii: " ")], replacement: Metaspace.mark)
        return prefixed
            ? NormalizerSequence(steps: [Prepend(prefix: Metaspace.mark), spaces]) : spaces
    }

    private func fallback() throws -> BPEAlphabet.Fallback {
        let unknown =
            try checked(file.unknown, "unknown_token_id")
            ?? tokens.kinds.firstIndex(of: .unknown).map { Int32($0) }
        return BPEAlphabet.Fallback(bytes: tokens.byteIDs, unknown: unknown, fusesUnknown: true)
    }
}

// MARK: - Parts

extension GGUFLoading {
    /// - Parameter tokens: the file's, as the model makes them.
    func added(
        _ tokens: TokenList, _ normalizer: (any Normalizer)?, _ special: SpecialTokens
    ) throws -> AddedTokenSearch {
        var added: [AddedToken] = []
        for id in 0..<tokens.count {
            let kind = tokens.kinds[id]
            guard kind == .control || kind == .userDefined || kind == .unknown else { continue }
            let token = AddedToken(
                id: Int32(id), content: Array(file.tokens[id]), special: kind != .userDefined)
            try token.checkLength("tokenizer.ggml.tokens[\(id)]")
            added.append(token)
        }
        added += try tokens.withheld(special.ends, besides: added)
        return AddedTokenSearch(added, normalizer: normalizer, guarded: special.guarded)
    }

    /// An id that does not affect how text is split; one outside the vocabulary is noted and dropped.
    func known(_ id: Int?) -> Int32? {
        id.flatMap { (0..<tokens.count).contains($0) ? Int32($0) : nil }
    }

    /// What someone investigating this tokenizer should know.
    var notes: [String] {
        var notes: [String] = []
        let ids = [
            ("padding", file.pad), ("eot", file.eot), ("eom", file.eom), ("mask", file.mask),
        ]
        for case (let name, let id?) in ids where known(id) == nil {
            notes.append(
                "'tokenizer.ggml.\(name)_token_id' is \(id), expected 0 ..< \(tokens.count); "
                    + "it is left out")
        }
        if file.model == "gpt2", file.pre == nil {
            notes.append(
                "'tokenizer.ggml.pre' is missing: words are cut by the default pattern, and token "
                    + "ids may differ from the model's own")
        }
        return notes
    }

    func checked(_ id: Int?, _ key: String) throws -> Int32? {
        try id.map { try TokenID.checked($0, key: "tokenizer.ggml.\(key)", limit: tokens.count) }
    }

    /// - Parameters:
    ///   - bos: the id that this kind of model has if the file does not say; likewise `eos`.
    func specialTokens(bos: Int?, eos: Int?) throws -> SpecialTokens {
        let byDefault = { (id: Int?) in id.flatMap { $0 < tokens.count ? $0 : nil } }
        var special = SpecialTokens()
        special.bos = try checked(file.bos ?? byDefault(bos), "bos_token_id")
        special.eos = try checked(file.eos ?? byDefault(eos), "eos_token_id")
        special.eot = known(file.eot)
        special.pad = known(file.pad)
        if let eom = known(file.eom) { special.ends.insert(eom) }
        special.addWellKnown(tokens, chatTemplate: file.chatTemplate ?? "")
        return special
    }

    /// - Parameters:
    ///   - addsBOS: whether a text begins with the bos token if the file does not say.
    ///   - always: whether it does, whatever the file says.
    func template(
        _ special: SpecialTokens, addsBOS: Bool, always: Bool = false
    ) throws -> Template {
        var template = Template()
        if always || file.addBOS ?? addsBOS {
            guard let bos = special.bos else {
                throw TokenizerError.missing(key: "tokenizer.ggml.bos_token_id")
            }
            template.setFirst(bos, true)
        }
        if file.addEOS ?? false {
            guard let eos = special.eos else {
                throw TokenizerError.missing(key: "tokenizer.ggml.eos_token_id")
            }
            template.setLast(eos, true)
        }
        try separate(&template, special)
        return template
    }
}
