/// Builds a unigram tokenizer from a tokenizer.json.
struct UnigramLoading {
    private let assembly: TokenizerAssembly
    private let pieces: PieceTrie
    private let hasBytes: Bool

    init(_ file: TokenizerJSON, _ configuration: TokenizerConfiguration) throws {
        var tokens = try TokenizerAssembly.tokens(of: file)
        hasBytes = try file.model.options.optional("byte_fallback")?.bool ?? false
        if hasBytes { tokens.markBytes() }
        guard !file.model.scores.isEmpty else { throw TokenizerError.missing(key: "model.vocab") }
        let assembly = try TokenizerAssembly(
            file, configuration, try PieceDecoder(file.decoder), tokens)
        pieces = try PieceTrie(tokens.spellings) { assembly.tokens.isOfModel[$0] }
        self.assembly = assembly
    }

    func tokenizer() throws -> any Tokenizer {
        let model = assembly.file.model
        let unknown = try model.options.optional("unk_id").map {
            try TokenID.checked(try $0.integer, key: $0.path, limit: assembly.tokens.count)
        }
        return try assembly.tokenizer(
            Unigram(
                pieces, scores: model.scores, unknown: unknown,
                bytes: hasBytes ? assembly.tokens.byteIDs : []),
            try assembly.file.preTokenizer.map(PreTokenizers.make))
    }
}
