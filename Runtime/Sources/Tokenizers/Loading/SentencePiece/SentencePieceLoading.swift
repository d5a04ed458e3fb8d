/// Builds a tokenizer from a SentencePiece file that splits text as the SentencePiece library does.
struct SentencePieceLoading {
    private let file: SentencePieceFile
    private let configuration: TokenizerConfiguration
    private let layout: SentencePieceLayout
    private let tokens: TokenList
    private let scores: [Float]
    /// The tokens that are searched for in texts.
    private let added: [AddedToken]

    /// - Parameter listed: the tokens that `tokenizer_config.json` lists.
    init(
        _ file: SentencePieceFile, _ layout: SentencePieceLayout,
        _ configuration: TokenizerConfiguration, listed: [AddedToken]
    ) throws {
        self.file = file
        self.layout = layout
        self.configuration = configuration
        var vocabulary = Vocabulary(file, layout)
        for token in listed { try vocabulary.add(token) }
        tokens = TokenList(vocabulary.spellings, kinds: vocabulary.kinds)
        _ = try TokenID.checked(tokens.count - 1, key: "pieces")
        scores = vocabulary.scores
        added = try vocabulary.added(layout.leftStripping)
    }

    func tokenizer() throws -> any Tokenizer {
        switch file.kind {
        case .unigram: try unigram()
        case .bpe: try bpe()
        case .word, .char:
            throw TokenizerError.unsupported(
                part: "trainer_spec.model_type", kind: "\(file.kind)")
        }
    }
}

// MARK: - Kinds of model

extension SentencePieceLoading {
    private func unigram() throws -> any Tokenizer {
        let special = specialTokens()
        let tokens = tokens.withholding(special.guarded)
        let normal = scores.indices.filter { tokens.kinds[$0] == .normal }.map { scores[$0] }
        let (least, most) = (Double(normal.min() ?? 0), Double(normal.max() ?? 0))
        let worths = scores.indices.map { id in
            // A user-defined symbol beats any way to split it.
            tokens.kinds[id] == .userDefined
                ? Double(tokens.spellings[id].count) * most - 0.1 : Double(scores[id])
        }
        let pieces = try PieceTrie(tokens.spellings) { id in
            tokens.isPiece(id)
                || tokens.kinds[id] == .userDefined && !tokens.withheld.contains(Int32(id))
        }
        let model = Unigram(
            pieces, scores: worths, unknown: try unknown,
            bytes: file.hasByteFallback ? tokens.byteIDs : [], least: least)
        return try pipeline(
            tokens, model, nil, special, symbols: symbols.filter { tokens.withheld.contains($0.id) }
        )
    }

    private func bpe() throws -> any Tokenizer {
        let special = specialTokens()
        let tokens = tokens.withholding(special.guarded)
        let table = try TokenTable(tokens.spellings, where: tokens.isPiece)
        let bytes = file.hasByteFallback ? tokens.byteIDs : BPEAlphabet.noBytes
        let model = BPE(
            alphabet: .characters(
                table,
                fallback: BPEAlphabet.Fallback(
                    bytes: bytes, unknown: try unknown, fusesUnknown: true)),
            rule: ScoredMerges(table, scores: scores), wholeWords: nil)
        let cutsWords = MetaspaceWords.areExact(for: table, where: tokens.isPiece)
        return try pipeline(
            tokens, model, cutsWords ? MetaspaceWords() : nil, special, symbols: symbols)
    }

    /// The user-defined symbols as they appear in normalized text, where nothing joins them.
    private var symbols: [AddedToken] {
        tokens.kinds.indices.filter { tokens.kinds[$0] == .userDefined }.map {
            AddedToken(id: Int32($0), content: Array(tokens.spellings[$0]), normalized: true)
        }
    }

    private var unknown: Int32 {
        get throws {
            guard let id = tokens.kinds.firstIndex(of: .unknown) else {
                throw TokenizerError.missing(key: "pieces of type unknown")
            }
            return Int32(id)
        }
    }

    private func pipeline<Words: Model>(
        _ tokens: TokenList, _ model: Words, _ preTokenizer: (any PreTokenizer)?,
        _ special: SpecialTokens, symbols: [AddedToken]
    ) throws -> any Tokenizer {
        let own = added + symbols
        let template = try template(special)
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, .metaspace(spacePrefix: file.addsDummyPrefix), special, template),
            notes: [],
            added: AddedTokenSearch(
                try own + tokens.withheld(special.ends, besides: own), normalizer: nil,
                guarded: special.guarded),
            normalizer: try SentencePieceNormalizer(file, tokens),
            preTokenizer: preTokenizer,
            model: model,
            template: template)
    }
}

// MARK: - Special tokens

extension SentencePieceLoading {
    private func specialTokens() -> SpecialTokens {
        var special = SpecialTokens()
        special.bos = id(configuration.bosName ?? layout.bos)
        special.eos = id(configuration.eosName ?? layout.eos)
        special.pad = id(configuration.padName ?? layout.pad)
        special.ends = Set(configuration.endIDs.filter { $0 < tokens.count }.map { Int32($0) })
        special.addWellKnown(tokens, chatTemplate: configuration.chatTemplate)
        return special
    }

    private func id(_ name: String?) -> Int32? {
        let name = Array((name ?? "").utf8)
        return added.first { $0.content == name }?.id
    }

    private func template(_ special: SpecialTokens) throws -> Template {
        var template = Template()
        switch layout.frame {
        case .none, .begin: break
        case .end: template = .t5(end: try required(special.eos, layout.eos))
        case .both:
            template = .roberta(
                cls: try required(special.bos, layout.bos),
                sep: try required(special.eos, layout.eos))
        }
        if configuration.addsBOS ?? (layout.frame == .begin), layout.frame != .both {
            template.setFirst(try required(special.bos, layout.bos), true)
        }
        if configuration.addsEOS ?? false, let eos = special.eos { template.setLast(eos, true) }
        return template
    }

    private func required(_ id: Int32?, _ name: String?) throws -> Int32 {
        guard let id else { throw TokenizerError.missing(key: name ?? "bos_token") }
        return id
    }
}

// MARK: - Ids

extension SentencePieceLoading {
    /// The tokens by id.
    private struct Vocabulary {
        private(set) var spellings = ByteStrings()
        private(set) var kinds: [TokenList.Kind] = []
        private(set) var scores: [Float] = []
        private var listed: [Int: AddedToken] = [:]

        init(_ file: SentencePieceFile, _ layout: SentencePieceLayout) {
            for (name, kind) in layout.leading { append(name.utf8, kind, 0) }
            for id in min(layout.skipped, file.kinds.count)..<file.kinds.count {
                let isUnused = layout.startsUnused && id == layout.skipped
                append(file.spellings[id], isUnused ? .unused : file.kinds[id], file.scores[id])
            }
            // Some files have them already.
            guard let first = layout.trailing.first, !spellings.contains(first) else { return }
            for name in layout.trailing { append(name.utf8, .control, 0) }
        }

        private mutating func append(
            _ spelling: some Sequence<UInt8>, _ kind: TokenList.Kind, _ score: Float
        ) {
            spellings.append(spelling)
            kinds.append(kind)
            scores.append(score)
        }

        /// Adds a token that the settings list, or marks it if it is a piece.
        mutating func add(_ token: AddedToken) throws {
            let id = Int(token.id)
            while kinds.count < id { append([], .unused, 0) }
            let kind: TokenList.Kind = token.special ? .control : .userDefined
            if id == kinds.count {
                append(token.content, kind, 0)
            } else if !spellings[id].elementsEqual(token.content) {
                throw TokenizerError.idTaken(
                    id: id, by: spellings.text(id),
                    and: String(decoding: token.content, as: UTF8.self))
            }
            if kinds[id] != .unknown { kinds[id] = kind }
            listed[id] = token
        }

        func added(_ leftStripping: Set<String>) throws -> [AddedToken] {
            try kinds.indices.filter { kinds[$0] == .control || kinds[$0] == .unknown }.map { id in
                if let token = listed[id] { return token }
                var token = AddedToken(
                    id: Int32(id), content: Array(spellings[id]), special: true)
                token.leftStrip = leftStripping.contains(spellings.text(id))
                try token.checkLength("pieces[\(id)]")
                return token
            } + listed.values.filter { !$0.special }
        }
    }
}

extension ByteStrings {
    fileprivate func contains(_ string: String) -> Bool {
        (0..<count).contains { self[$0].elementsEqual(string.utf8) }
    }
}
