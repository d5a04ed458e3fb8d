import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// An open encoder: the network with its head, its tokenizer, and its description.
final class LoadedBert: VectorModel, TextModel, TaskModel {
    let info: ModelInfo
    let vectors: VectorCapabilities
    let tasks: [TaskDescription]
    let vocabulary: Vocabulary
    let reader: TextReader
    let head: Head
    private let prompts: TextPrompts

    /// What the states are used for.
    enum Head: Sendable {
        case sentence(SentenceHead, normalizes: Bool)
        case sequence(PredictionHead)
        case tokens(PredictionHead, labels: [String], overlap: Int)
        case spans(PredictionHead, overlap: Int)
    }

    init(_ checkpoint: BertCheckpoint, _ settings: BertSettings, _ call: Call) throws {
        let c = checkpoint.configuration
        let tokenizer = try checkpoint.tokenizer(preTokenizer: settings.preTokenizer)
        try call.check()
        let weights = try checkpoint.weights()
        reader = TextReader(
            tokenizer: tokenizer,
            encoder: try c.encoder(weights, settings.roundedTo.precision),
            vocabularySize: c.vocabSize, maxTokens: try checkpoint.maxTokens(settings))
        try call.check()
        head = try checkpoint.head(weights, settings, maxTokens: reader.maxTokens)
        try weights.requireAllRead()
        prompts = try TextPrompts(checkpoint.sentence(settings), tokenizer)
        vocabulary = Vocabulary(tokenizer.vocabulary.resized(to: c.vocabSize))
        vectors = try checkpoint.capabilities(head, maxTokens: reader.maxTokens)
        tasks = head.tasks
        var info = try checkpoint.info(settings, head)
        info.notes = tokenizer.notes
        self.info = info
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
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        try reader.tokenizer.encode(
            text, addSpecial: flags.contains(.addSpecial),
            parseSpecial: flags.contains(.parseSpecial), plain: plain)
    }

    func embeddingTokens(
        of text: String, flags: EmbedFlags, call: Call
    ) throws -> [Int32] {
        try embeddingText(text, flags).tokens
    }

    func countTokens(
        of text: String, pair: String?, flags: EmbedFlags, call: Call
    ) throws -> TokenCount {
        if case .sentence = head { return try reader.count(prompts(text, flags)) }
        if let pair { return try reader.count(text, pair: pair) }
        return try reader.count(text)
    }

    func embeddingText(_ text: String, _ flags: EmbedFlags) throws -> TokenizedText {
        var read = try reader.read(prompts(text, flags))
        read.unpooled = unpooledTokens(flags)
        return read
    }

    /// How many tokens at the beginning of a text are read but excluded from its vector.
    func unpooledTokens(_ flags: EmbedFlags) -> Int { prompts.unpooledTokens(flags) }
}
