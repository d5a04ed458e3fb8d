/// Makes a byte-pair tokenizer of a tokenizer.json.
struct BPELoading {
    private let file: TokenizerJSON
    private let configuration: TokenizerConfiguration
    private let byteLevel: Bool
    private let decoder: PieceDecoder
    private let tokens: TokenList
    /// The tokens that the model makes, by spelling.
    private let table: TokenTable

    init(_ file: TokenizerJSON, _ configuration: TokenizerConfiguration) throws {
        let kind = try file.model.options.optional("type")?.string ?? "BPE"
        guard kind == "BPE" else { throw TokenizerError.unsupported(part: "model", kind: kind) }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try file.model.options.optional(key)?.string, !affix.isEmpty {
                throw TokenizerError.unsupported(part: "model.\(key)", kind: affix)
            }
        }
        self.file = file
        self.configuration = configuration
        decoder = try PieceDecoder(file.decoder)
        byteLevel =
            try file.preTokenizer.map(PreTokenizers.spellsBytes) ?? false || decoder.byteLevel
        var tokens = try TokenList(
            file.model.tokens, ids: file.model.ids, added: file.addedTokens)
        if byteLevel {
            tokens.spellAsBytes()
        } else if try file.model.options.optional("byte_fallback")?.bool ?? false {
            tokens.markBytes()
        }
        self.tokens = tokens
        table = try TokenTable(tokens.spellings) { tokens.isOfModel[$0] }
    }

    func tokenizer() throws -> any Tokenizer {
        var notes: [String] = []
        let special = specialTokens(&notes)
        let template = try template(special)
        let normalizer = try file.normalizer.map(Normalizers.make)
        let ignoresMerges = try file.model.options.optional("ignore_merges")?.bool ?? false
        return TextPipeline(
            vocabulary: TokenizerVocabulary(tokens, decoder, special, template),
            notes: notes,
            added: AddedTokenSearch(file.addedTokens, normalizer: normalizer),
            normalizer: normalizer,
            preTokenizer: try preTokenizer(ignoresMerges: ignoresMerges),
            model: BPE(
                alphabet: try alphabet(),
                rule: try RankedMerges(file.model.merges, table, byteLevel: byteLevel),
                wholeWords: ignoresMerges ? table : nil),
            template: template)
    }
}

// MARK: - Parts

extension BPELoading {
    private func alphabet() throws -> BPEAlphabet {
        let options = file.model.options
        let unknown = try options.optional("unk_token").map { node in
            guard let id = table.find(try node.string) else {
                throw TokenizerError.invalid(
                    key: node.path, found: "'\(try node.string)'", expected: "a token")
            }
            return id
        }
        if byteLevel { return .bytes((0...255).map { table.find([$0].span) ?? unknown ?? -1 }) }
        return .characters(
            table,
            fallback: BPEAlphabet.Fallback(
                bytes: tokens.byteIDs, unknown: unknown,
                fusesUnknown: try options.optional("fuse_unk")?.bool ?? false))
    }

    private func preTokenizer(ignoresMerges: Bool) throws -> (any PreTokenizer)? {
        let own = try file.preTokenizer.map(PreTokenizers.make)
        guard !byteLevel && !ignoresMerges,
            MetaspaceWords.areExact(for: table, where: { tokens.isOfModel[$0] })
        else { return own }
        return PreTokenizerSequence(steps: (own.map { [$0] } ?? []) + [MetaspaceWords()])
    }

    private func specialTokens(_ notes: inout [String]) -> SpecialTokens {
        var special = SpecialTokens()
        let named = [
            configuration.bosName, configuration.eosName, configuration.padName,
        ].map { name in name.flatMap(id(named:)) }
        let ends = configuration.endIDs.filter { $0 < tokens.count }
        if ends.count < configuration.endIDs.count {
            notes.append("'eos_token_id' names ids outside the vocabulary; they are left out")
        }
        special.bos =
            named[0] ?? configuration.bosID.flatMap { $0 < tokens.count ? Int32($0) : nil }
        special.eos = named[1] ?? ends.first.map { Int32($0) }
        special.pad = named[2]
        special.ends = Set(ends.map { Int32($0) })
        special.addWellKnown(tokens)
        return special
    }

    private func id(named name: String) -> Int32? {
        let bytes = Array(name.utf8)
        return file.addedTokens.first { $0.content == bytes }?.id ?? table.find(name)
    }

    /// The template of the file, but that `add_bos_token` and `add_eos_token` overrule it.
    private func template(_ special: SpecialTokens) throws -> Template {
        var template =
            try file.postProcessor.map { try Template($0, idCount: tokens.count) } ?? Template()
        if let adds = configuration.addsBOS, let bos = special.bos {
            template.setFirst(bos, adds)
        }
        if let adds = configuration.addsEOS, let eos = special.eos {
            template.setLast(eos, adds)
        }
        return template
    }
}
