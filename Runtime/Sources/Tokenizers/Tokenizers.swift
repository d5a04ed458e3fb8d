/// Where tokenizers come from.
public enum Tokenizers {
    /// Loads the tokenizer of a Hugging Face directory: `tokenizer.json`, and what
    /// `tokenizer_config.json`, `generation_config.json` and `config.json` say about its tokens.
    public static func load(directory: String) throws -> any Tokenizer {
        throw TokenizerError.unsupported(part: "directory", kind: directory)
    }

    /// Loads the tokenizer that a GGUF file describes.
    public static func load(gguf: GGUFVocabulary) throws -> any Tokenizer {
        throw TokenizerError.unsupported(part: "model", kind: gguf.model)
    }
}
