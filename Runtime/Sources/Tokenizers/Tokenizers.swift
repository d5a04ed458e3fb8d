/// Loads tokenizers.
public enum Tokenizers {
    /// Loads the tokenizer of a Hugging Face directory: `tokenizer.json`, or else a SentencePiece model,
    /// `vocab.json` with `merges.txt`, or `vocab.txt`; and what `tokenizer_config.json`,
    /// `generation_config.json` and `config.json` say about its tokens.
    ///
    /// - Throws: ``TokenizerError``, which names the file.
    public static func load(directory: String) throws -> any Tokenizer {
        try TokenizerDirectory(path: directory).tokenizer()
    }

    /// Loads the tokenizer that a GGUF file describes.
    ///
    /// - Throws: ``TokenizerError``, which names the metadata key.
    public static func load(gguf: GGUFVocabulary) throws -> any Tokenizer {
        try GGUFLoading(gguf).tokenizer()
    }
}
