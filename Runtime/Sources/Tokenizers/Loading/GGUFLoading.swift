/// Makes a tokenizer of what a GGUF file says.
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
        case "gpt2": try byteLevel()
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
    private func byteLevel() throws -> any Tokenizer {
        let published = file.pre.flatMap(PublishedPreTokenizer.named)
        let pre = published ?? .fallback
        var tokens = tokens
        tokens.spellAsBytes()
        let table = try TokenTable(tokens.spellings) { tokens.isOfModel[$0] }
        let special = try specialTokens(bos: nil, eos: nil)
        let template = try template(special, addsBOS: pre.addsBOS)
        let normalizer = pre.composes ? CanonicalForm(composes: true) : nil
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, PieceDecoder(byteLevel: true), special, template),
            notes: published == nil ? [unknownPatternNote] : [],
            added: try added(normalizer, special),
            normalizer: normalizer,
            preTokenizer: try pre.preTokenizer(),
            model: BPE(
                alphabet: .bytes((0...255).map { table.find([$0].span) ?? -1 }),
                rule: try RankedMerges(try mergePairs(), table, byteLevel: true),
                wholeWords: pre.ignoresMerges ? table : nil),
            template: template)
    }

    private var unknownPatternNote: String {
        let name = file.pre.map { "'\($0)' is not known" } ?? "is missing"
        return "tokenizer.ggml.pre \(name): words are cut by the default pattern, and token ids "
            + "may differ from the model's own"
    }

    private func sentencePiece() throws -> any Tokenizer {
        let scores = try scores()
        let table = try TokenTable(tokens.spellings) { tokens.kinds[$0] == .normal }
        let special = try specialTokens(bos: 1, eos: 2)
        let template = try template(special, addsBOS: true)
        let prefixes = file.addSpacePrefix ?? true
        let normalizer = Self.spacesAsMarks(prefixed: prefixes)
        let cutsWords = MetaspaceWords.areExact(for: table) { tokens.kinds[$0] == .normal }
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, .metaspace(spacePrefix: prefixes), special, template),
            notes: [],
            added: try added(normalizer, special),
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
    private func mergePairs() throws -> ByteStrings {
        guard let merges = file.merges else {
            throw TokenizerError.missing(key: "tokenizer.ggml.merges")
        }
        var pairs = ByteStrings()
        pairs.reserveCapacity(2 * merges.count, bytes: merges.bytes.count)
        for merge in 0..<merges.count
        where !merges.withSpan(merge, { pairs.appendPair($0) }) {
            throw TokenizerError.invalid(
                key: "tokenizer.ggml.merges[\(merge)]", found: "'\(merges.text(merge))'",
                expected: "two tokens with a space between them")
        }
        return pairs
    }

    /// - Parameter kinds: the kind of each token, where it is not the file's.
    func added(
        _ normalizer: (any Normalizer)?, _ special: SpecialTokens, kinds: [TokenList.Kind]? = nil
    ) throws -> AddedTokenSearch {
        var added: [AddedToken] = []
        for id in 0..<tokens.count {
            let kind = (kinds ?? tokens.kinds)[id]
            guard kind == .control || kind == .userDefined || kind == .unknown else { continue }
            let token = AddedToken(
                id: Int32(id), content: Array(file.tokens[id]), special: kind != .userDefined)
            try token.checkLength("tokenizer.ggml.tokens[\(id)]")
            added.append(token)
        }
        return AddedTokenSearch(added, normalizer: normalizer, ends: special.ends)
    }

    func checked(_ id: Int?, _ key: String) throws -> Int32? {
        try id.map { try TokenID.checked($0, key: "tokenizer.ggml.\(key)", limit: tokens.count) }
    }

    /// - Parameters:
    ///   - bos: the id that the kind of model has where the file does not say; likewise `eos`.
    func specialTokens(bos: Int?, eos: Int?) throws -> SpecialTokens {
        let byDefault = { (id: Int?) in id.flatMap { $0 < tokens.count ? $0 : nil } }
        var special = SpecialTokens()
        special.bos = try checked(file.bos ?? byDefault(bos), "bos_token_id")
        special.eos = try checked(file.eos ?? byDefault(eos), "eos_token_id")
        special.eot = try checked(file.eot, "eot_token_id")
        special.pad = try checked(file.pad, "padding_token_id")
        if let eom = try checked(file.eom, "eom_token_id") { special.ends.insert(eom) }
        special.addWellKnown(tokens)
        return special
    }

    func template(_ special: SpecialTokens, addsBOS: Bool) throws -> Template {
        var template = Template()
        if file.addBOS ?? addsBOS {
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
