/// The kinds of tokenizer that encoder models have.
extension GGUFLoading {
    private static let mark = Array("##".utf8)

    func wordPiece() throws -> any Tokenizer {
        let ids = try bertIDs()
        var tokens = TokenList(Self.respelled(file.tokens), kinds: tokens.kinds)
        tokens.markControl([ids.cls, ids.separator, ids.unknown] + ids.others)
        let pieces = try PieceTrie(tokens.spellings) { [tokens] in tokens.isOfModel[$0] }
        var special = SpecialTokens()
        (special.bos, special.eos) = (ids.cls, ids.separator)
        special.pad = known(file.pad)
        let lowercases = file.lowercases ?? !hasCapitals(tokens)
        let template = Template.bert(cls: ids.cls, sep: ids.separator)
        let decoder = PieceDecoder(
            spacePrefix: true, words: .continuation(Self.mark, tightens: true))
        return TextPipeline(
            vocabulary: TokenizerVocabulary(tokens, decoder, special, template),
            notes: notes,
            added: try added(tokens, nil, special),
            normalizer: BertNormalizer(
                cleans: true, separatesIdeographs: true,
                stripsAccents: file.stripsAccents ?? lowercases, lowercases: lowercases),
            preTokenizer: BertPreTokenizer(),
            model: WordPiece(pieces, prefix: Self.mark, unknown: ids.unknown, longestWord: 100),
            template: template)
    }

    /// GGUF marks pieces that begin a word, with U+2581; here, as in the model's own vocabulary,
    /// pieces that continue a word are marked.
    private static func respelled(_ tokens: ByteStrings) -> ByteStrings {
        var spellings = ByteStrings()
        spellings.reserveCapacity(tokens.count, bytes: tokens.bytes.count)
        for id in 0..<tokens.count {
            let token = tokens[id]
            if token.starts(with: Metaspace.mark) {
                spellings.append(token.dropFirst(Metaspace.mark.count))
            } else if token.first == UInt8(ascii: "[") && token.last == UInt8(ascii: "]") {
                spellings.append(token)
            } else {
                spellings.append(mark + token)
            }
        }
        return spellings
    }

    /// The ids of `[CLS]`, `[SEP]` and `[UNK]`, and of other tokens that are not text; those of the
    /// published vocabulary if the file does not say.
    private func bertIDs() throws -> (
        cls: Int32, separator: Int32, unknown: Int32, others: [Int32]
    ) {
        let cls = try checked(file.cls ?? file.bos ?? 101, "cls_token_id")
        let separator = try checked(file.separator ?? file.eos ?? 102, "seperator_token_id")
        let unknown = try checked(file.unknown ?? 100, "unknown_token_id")
        guard let cls, let separator, let unknown else {
            throw TokenizerError.missing(key: "tokenizer.ggml.cls_token_id")
        }
        let others = [known(file.pad), known(file.mask)].compactMap { $0 }
        return (cls, separator, unknown, others)
    }

    /// A vocabulary of lower-case words has no capitals.
    private func hasCapitals(_ tokens: TokenList) -> Bool {
        (0..<tokens.count).contains { id in
            tokens.isOfModel[id] && tokens.spellings[id].first != UInt8(ascii: "[")
                && tokens.spellings[id].contains { (0x41...0x5A).contains($0) }
        }
    }
}

// MARK: - Unigram

extension GGUFLoading {
    func unigram() throws -> any Tokenizer {
        var special = try specialTokens(bos: nil, eos: 1)
        special.eot = nil
        let tokens = tokens.withholding(special.guarded)
        let pieces = try PieceTrie(tokens.spellings, where: tokens.isPiece)
        let template = try unigramTemplate(special)
        let prefixes = file.addSpacePrefix ?? true
        let normalizer = try file.characterMap.map {
            try CharacterMap($0, key: "tokenizer.ggml.precompiled_charsmap")
        }
        return TextPipeline(
            vocabulary: TokenizerVocabulary(
                tokens, .metaspace(spacePrefix: prefixes), special, template),
            notes: notes,
            added: try added(tokens, normalizer, special),
            normalizer: normalizer,
            preTokenizer: try unigramWords(prefixed: prefixes),
            model: Unigram(
                pieces, scores: try scores().map(Double.init),
                unknown: try checked(
                    file.unknown ?? (tokens.count > 2 ? 2 : nil), "unknown_token_id"),
                bytes: tokens.kinds.contains(.byte) ? tokens.byteIDs : []),
            template: template)
    }

    private func unigramWords(prefixed: Bool) throws -> any PreTokenizer {
        let words = Metaspace(
            replacement: Metaspace.mark, prepend: prefixed ? .always : .never, splits: true)
        guard file.removeExtraSpaces ?? true else { return words }
        return PreTokenizerSequence(steps: [Split(try Pattern(#"\s"#), .removed), words])
    }

    /// `A </s>` of T5, or `<s> A </s>` of XLM-R.
    private func unigramTemplate(_ special: SpecialTokens) throws -> Template {
        guard file.addEOS ?? true, let eos = special.eos else { return Template() }
        if file.addBOS ?? false, let bos = special.bos {
            return file.addSeparator ?? true
                ? .roberta(cls: bos, sep: eos) : .parted(first: bos, last: eos)
        }
        return .t5(end: eos)
    }
}

// MARK: - Separators

extension GGUFLoading {
    /// Ends the text with the separator if the file or its kind of tokenizer says so, and separates
    /// the texts of a pair with it: twice for RoBERTa. Otherwise what ends a text also ends the
    /// first text of a pair.
    func separate(_ template: inout Template, _ special: SpecialTokens) throws {
        let isRoberta = file.pre.flatMap(PublishedPreTokenizer.named)?.separates ?? false
        guard file.addSeparator ?? isRoberta else {
            if file.addEOS ?? false, let first = template.prefix.first, let last = special.eos {
                template.pair = Template.parted(first: first, last: last).pair
            }
            return
        }
        let id = try checked(file.separator, "seperator_token_id") ?? special.eos
        guard let id else {
            throw TokenizerError.missing(key: "tokenizer.ggml.seperator_token_id")
        }
        template.setLast(id, true)
        guard let first = template.prefix.first else { return }
        template.pair =
            (isRoberta ? Template.roberta(cls: first, sep: id) : .bert(cls: first, sep: id)).pair
    }
}
