import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// From prompts to what the network looks at.
struct PromptReader: Sendable {
    private let tokenizer: any Tokenizer
    private let encoder: CLIPTextModel
    private let begin: Int32
    private let end: Int32
    private let padding: Int32
    /// Tokens of a prompt that the encoder reads, what begins and ends it included.
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

    /// The ids of a prompt, cut and filled up to what the encoder reads.
    func tokens(_ prompt: String) throws -> [Int32] {
        let ids = try tokenizer.encode(prompt, addSpecial: false, parseSpecial: false)
        let whole = [begin] + ids.prefix(length - 2) + [end]
        return whole + Array(repeating: padding, count: length - whole.count)
    }

    /// The ids of a text as it is.
    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags
    ) throws -> [Int32] {
        try tokenizer.encode(
            text, addSpecial: flags.contains(.addSpecial),
            parseSpecial: flags.contains(.parseSpecial), plain: plain)
    }

    var vocabulary: TokenizerVocabulary { tokenizer.vocabulary }

    /// - Parameter skipping: layers of the encoder that are left out at its end.
    /// - Returns: [length, D].
    func states(_ prompt: String, skipping: Int = 0) throws -> Tensor {
        try encoder(tokens(prompt), skipping: skipping)
    }
}
