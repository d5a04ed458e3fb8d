import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// An open decoder that reads whole texts: it embeds, ranks or classifies them.
final class LoadedReader: VectorModel, TextModel {
    let info: ModelInfo
    let vectors: VectorCapabilities
    let vocabulary: Vocabulary
    let reader: TextReader
    let head: Head
    private let prompts: TextPrompts

    /// What the states are used for.
    enum Head: Sendable {
        case vectors(SentenceHead, normalizes: Bool)
        case relevance(RelevanceHead, RankTemplate)
        case labels(Linear)
    }

    init(
        _ checkpoint: DecoderCheckpoint, _ settings: LlamaSettings, _ request: OpenRequest
    ) throws {
        request.tell(0, of: 3, "reading the tokenizer")
        let c = checkpoint.configuration
        let tokenizer = try checkpoint.tokenizer(preTokenizer: settings.preTokenizer)
        let sentence = checkpoint.sentence(settings)
        try request.call.check()
        request.tell(1, of: 3, "mapping the weights")
        let weights = try checkpoint.weights()
        let head = try checkpoint.head(weights, tokenizer, settings)
        var readsWords = false
        if case .relevance(.words, _) = head { readsWords = true }
        reader = TextReader(
            tokenizer: tokenizer,
            network: try checkpoint.network(weights, isHeadless: !readsWords),
            memory: checkpoint.memory, vocabularySize: c.vocabSize,
            maxTokens: try checkpoint.maxTokens(settings))
        try weights.requireAllRead()
        self.head = head
        prompts = try TextPrompts(sentence, tokenizer)
        vocabulary = Vocabulary(tokenizer.vocabulary.resized(to: c.vocabSize))
        vectors = try checkpoint.capabilities(head, maxTokens: reader.maxTokens)
        var info = try checkpoint.info()
        info.vectors = try checkpoint.vectorInfo(head, settings)
        info.chatTemplate = nil
        info.notes = tokenizer.notes
        self.info = info
        try request.call.check()
        request.tell(2, of: 3, "reading the weights into memory")
        try reader.forEachPass(overEndsOf: [reader.read("")], request.call) { _, _ in }
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> ReaderContext {
        ReaderContext(self)
    }
}

// MARK: - Tokens

extension LoadedReader {
    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        try reader.tokenizer.encode(
            text, addSpecial: flags.contains(.addSpecial),
            parseSpecial: flags.contains(.parseSpecial), plain: plain)
    }

    func embeddingTokens(of text: String, flags: EmbedFlags, call: Call) throws -> [Int32] {
        try reader.read(prompts(text, flags))
    }

    func countTokens(
        of text: String, pair: String?, flags: EmbedFlags, call: Call
    ) throws -> TokenCount {
        switch head {
        case .vectors, .labels: return try reader.count(prompts(text, flags))
        case .relevance(_, let template):
            let whole = try template.tokens(text, pair ?? "", reader.tokenizer, atMost: nil).count
            return TokenCount(whole: whole, read: min(whole, reader.maxTokens))
        }
    }

    /// How many tokens at the beginning of a text are read but excluded from its vector.
    func unpooledTokens(_ flags: EmbedFlags) -> Int { prompts.unpooledTokens(flags) }
}
