import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// An open encoder: the network with its head, its tokenizer, and what it says of itself.
final class LoadedBert: VectorModel, TextModel, TaskModel {
    let info: ModelInfo
    let vectors: VectorCapabilities
    let tasks: [TaskDescription]
    let vocabulary: Vocabulary
    let reader: TextReader
    let head: Head
    private let prompts: SentenceLayout.Prompts

    /// What the states are for.
    enum Head: Sendable {
        case sentence(SentenceHead, normalizes: Bool)
        case sequence(PredictionHead)
        case tokens(PredictionHead, labels: [String], overlap: Int)
        case spans(PredictionHead, overlap: Int)
    }

    init(_ checkpoint: BertCheckpoint, _ settings: BertSettings, _ call: Call) throws {
        let c = checkpoint.configuration
        let tokenizer = try checkpoint.tokenizer()
        try call.check()
        let weights = try checkpoint.weights()
        reader = TextReader(
            tokenizer: tokenizer,
            encoder: try c.encoder(weights, settings.roundedTo.precision),
            vocabularySize: c.vocabSize, maxTokens: try checkpoint.maxTokens(settings))
        try call.check()
        head = try checkpoint.head(weights, settings, maxTokens: reader.maxTokens)
        try weights.requireAllRead()
        prompts = checkpoint.prompts(settings)
        vocabulary = Vocabulary(tokenizer.vocabulary.resized(to: c.vocabSize))
        vectors = try checkpoint.capabilities(head, maxTokens: reader.maxTokens)
        tasks = head.tasks
        info = try checkpoint.info(settings, head)
        try warm(call)
    }

    /// Brings every weight into memory, so that the first request is as fast as the second.
    private func warm(_ call: Call) throws {
        try reader.forEachPass(over: [reader.read("")], call) { _, _, _ in }
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> BertContext {
        BertContext(self)
    }
}

// MARK: - Tokens

extension LoadedBert {
    func tokenize(
        _ text: String, plain: [Range<Int>], options: TokenizeOptions, call: Call
    ) throws -> [Int32] {
        try reader.tokenizer.encode(
            text, addSpecial: options.contains(.addSpecial),
            parseSpecial: options.contains(.parseSpecial), plain: plain)
    }

    func embeddingTokens(
        of text: String, options: EmbedOptions, call: Call
    ) throws -> [Int32] {
        try embeddingText(text, options).tokens
    }

    func countTokens(
        of text: String, pair: String?, options: EmbedOptions, call: Call
    ) throws -> TokenCount {
        if case .sentence = head { return try reader.count(prompted(text, options), pair: nil) }
        return try reader.count(text, pair: pair)
    }

    func embeddingText(_ text: String, _ options: EmbedOptions) throws -> TokenizedText {
        try reader.read(prompted(text, options))
    }

    /// A text with what the model wants before it.
    private func prompted(_ text: String, _ options: EmbedOptions) -> String {
        let prompt =
            options.contains(.query)
            ? prompts.query : options.contains(.passage) ? prompts.passage : prompts.other
        return prompt.isEmpty ? text : prompt + text
    }
}
