/// Builds a byte-pair tokenizer from a tokenizer.json.
struct BPELoading {
    private let assembly: TokenizerAssembly
    private let byteLevel: Bool
    /// The suffix of the last symbol of a word, "</w>"; empty if words have no mark.
    private let suffix: [UInt8]
    /// The tokens that the model makes, by spelling.
    private let table: TokenTable

    init(_ file: TokenizerJSON, _ configuration: TokenizerConfiguration) throws {
        let prefixKey = "continuing_subword_prefix"
        if let prefix = try file.model.options.optional(prefixKey)?.string, !prefix.isEmpty {
            throw TokenizerError.unsupported(part: "model.\(prefixKey)", kind: prefix)
        }
        var decoder = try PieceDecoder(file.decoder)
        suffix = try file.model.options.optional("end_of_word_suffix")?.bytes ?? []
        if !suffix.isEmpty { decoder.words = .suffix(suffix) }
        byteLevel =
            try file.preTokenizer.map(PreTokenizers.spellsBytes) ?? false || decoder.byteLevel
        var tokens = try TokenizerAssembly.tokens(of: file)
        if byteLevel {
            tokens.spellAsBytes()
        } else if try file.model.options.optional("byte_fallback")?.bool ?? false {
            tokens.markBytes()
        }
        let assembly = try TokenizerAssembly(
            file, configuration, decoder, tokens, byteLevel: byteLevel)
        table = try TokenTable(tokens.spellings) { assembly.tokens.isOfModel[$0] }
        self.assembly = assembly
    }

    func tokenizer() throws -> any Tokenizer {
        let model = assembly.file.model
        let ignoresMerges = try model.options.optional("ignore_merges")?.bool ?? false
        let bpe = BPE(
            alphabet: try alphabet(),
            rule: try RankedMerges(
                model.merges, table, byteLevel: byteLevel, withheld: assembly.tokens),
            wholeWords: ignoresMerges ? table : nil)
        let preTokenizer = try preTokenizer(ignoresMerges: ignoresMerges)
        return try assembly.tokenizer(bpe, preTokenizer)
    }
}

// MARK: - Parts

extension BPELoading {
    private func alphabet() throws -> BPEAlphabet {
        let unknown = try assembly.id(option: "unk_token")
        if byteLevel {
            let id = { (bytes: [UInt8]) in table.find(bytes.span) ?? unknown ?? -1 }
            return .bytes(
                (0...255).map { id([$0]) }, last: (0...255).map { id([$0] + suffix) })
        }
        guard suffix.isEmpty else {
            throw TokenizerError.unsupported(
                part: "model.end_of_word_suffix",
                kind: "\(String(decoding: suffix, as: UTF8.self)) without ByteLevel")
        }
        let options = assembly.file.model.options
        return .characters(
            table,
            fallback: BPEAlphabet.Fallback(
                bytes: assembly.tokens.byteIDs, unknown: unknown,
                fusesUnknown: try options.optional("fuse_unk")?.bool ?? false))
    }

    private func preTokenizer(ignoresMerges: Bool) throws -> (any PreTokenizer)? {
        let own = try assembly.file.preTokenizer.map(PreTokenizers.make)
        guard !byteLevel && !ignoresMerges,
            MetaspaceWords.areExact(for: table, where: { assembly.tokens.isOfModel[$0] })
        else { return own }
        return PreTokenizerSequence(steps: (own.map { [$0] } ?? []) + [MetaspaceWords()])
    }
}
