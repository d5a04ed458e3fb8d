import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// Turns prompts into what the network attends to.
struct PromptReader: Sendable {
    private let tokenizer: any Tokenizer
    private let encoder: CLIPTextModel
    private let begin: Int32
    private let end: Int32
    private let padding: Int32
    /// Tokens of a prompt that the encoder reads, including the start and end tokens.
    let length: Int
    /// Layers of the encoder.
    let layers: Int

    init(
        tokenizer: any Tokenizer, encoder: CLIPTextModel, _ c: CLIPTextConfiguration
    ) throws {
        let vocabulary = tokenizer.vocabulary
        let added = try tokenizer.encode("", addSpecial: true, parseSpecial: false)
        guard added.count == 2 else {
            throw ConfigurationError.range(
                "tokenizer", found: "\(added.count) tokens of an empty text",
                expected: "one that begins it and one that ends it")
        }
        (begin, end) = (added[0], added[1])
        padding = vocabulary.pad ?? added[1]
        length = c.maxPositionEmbeddings
        layers = c.numHiddenLayers
        self.tokenizer = tokenizer
        self.encoder = encoder
        for token in [begin, end, padding] where !(0..<c.vocabSize).contains(Int(token)) {
            throw ConfigurationError.range(
                "vocab_size", found: "\(c.vocabSize)", expected: "more than token \(token)")
        }
    }

    /// The ids of a prompt, cut and padded to the encoder's length.
    func tokens(_ prompt: String) throws -> [Int32] {
        let ids = try tokenizer.encode(prompt, addSpecial: false, parseSpecial: false)
        let whole = [begin] + ids.prefix(length - 2) + [end]
        return whole + Array(repeating: padding, count: length - whole.count)
    }

    /// The ids of a text, neither cut nor padded.
    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags
    ) throws -> [Int32] {
        try tokenizer.encode(
            text, addSpecial: flags.contains(.addSpecial),
            parseSpecial: flags.contains(.parseSpecial), plain: plain)
    }

    var vocabulary: TokenizerVocabulary { tokenizer.vocabulary }

    /// - Parameter skipping: how many of the encoder's last layers are skipped.
    /// - Returns: [length, D].
    func states(_ prompt: String, skipping: Int = 0) throws -> Tensor {
        try encoder(tokens(prompt), skipping: skipping)
    }
}
