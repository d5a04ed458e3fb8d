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
    private let prompts: SentenceLayout.Prompts
    private let lowercases: Bool
    /// The tokens of each prompt that are excluded from the vector.
    private let unpooled: [String: Int]

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
        prompts = checkpoint.prompts(settings)
        lowercases = checkpoint.sentence.lowercases
        unpooled =
            checkpoint.sentence.excludesPrompt
            ? try Self.lengths(of: prompts, tokenizer, lowercased: lowercases) : [:]
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
        if case .sentence = head { return try reader.count(prompted(text, flags)) }
        if let pair { return try reader.count(text, pair: pair) }
        return try reader.count(text)
    }

    func embeddingText(_ text: String, _ flags: EmbedFlags) throws -> TokenizedText {
        var read = try reader.read(prompted(text, flags))
        read.unpooled = unpooledTokens(flags)
        return read
    }

    /// A text with the model's prefix, spelled as the model was trained.
    private func prompted(_ text: String, _ flags: EmbedFlags) -> String {
        let whole = prompt(flags) + text
        return lowercases ? whole.lowercased() : whole
    }

    /// How many tokens at the beginning of a text are read but excluded from its vector.
    func unpooledTokens(_ flags: EmbedFlags) -> Int { unpooled[prompt(flags)] ?? 0 }

    private func prompt(_ flags: EmbedFlags) -> String {
        flags.contains(.query)
            ? prompts.query : flags.contains(.passage) ? prompts.passage : prompts.other
    }

    /// The tokens of each prompt, including the one that begins every text but not the one that
    /// ends it.
    private static func lengths(
        of prompts: SentenceLayout.Prompts, _ tokenizer: any Tokenizer, lowercased: Bool
    ) throws -> [String: Int] {
        var lengths: [String: Int] = [:]
        for prompt in [prompts.query, prompts.passage, prompts.other] where !prompt.isEmpty {
            let ids = try tokenizer.encode(
                lowercased ? prompt.lowercased() : prompt, maxLength: nil, addSpecial: true,
                parseSpecial: true
            ).ids
            let ends = ids.last.map { tokenizer.vocabulary.attributes[Int($0)].contains(.control) }
            lengths[prompt] = ids.count - (ends == true ? 1 : 0)
        }
        return lengths
    }
}
