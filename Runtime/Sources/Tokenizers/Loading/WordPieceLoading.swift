/// Builds a WordPiece tokenizer from a tokenizer.json, or from an equivalent.
struct WordPieceLoading {
    private let assembly: TokenizerAssembly
    private let pieces: PieceTrie

    init(_ file: TokenizerJSON, _ configuration: TokenizerConfiguration) throws {
        let tokens = try TokenizerAssembly.tokens(of: file)
        let assembly = try TokenizerAssembly(
            file, configuration, try PieceDecoder(file.decoder), tokens)
        pieces = try PieceTrie(tokens.spellings) { assembly.tokens.isOfModel[$0] }
        self.assembly = assembly
    }

    func tokenizer() throws -> any Tokenizer {
        let options = assembly.file.model.options
        guard let unknown = try assembly.id(option: "unk_token") ?? assembly.tokens.find("[UNK]")
        else {
            throw TokenizerError.missing(key: "model.unk_token")
        }
        let model = WordPiece(
            pieces, prefix: try options.optional("continuing_subword_prefix")?.bytes ?? Self.prefix,
            unknown: unknown,
            longestWord: try options.optional("max_input_chars_per_word")?.integer ?? 100)
        return try assembly.tokenizer(
            model, try assembly.file.preTokenizer.map(PreTokenizers.make))
    }

    private static let prefix = Array("##".utf8)
}
