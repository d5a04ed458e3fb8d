import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// An open encoder-decoder: the network, its tokenizer, and its description.
final class LoadedSummarizer: EncoderDecoderModel {
    let info: ModelInfo
    let vocabulary: Vocabulary
    let decoderStart: Int32
    let configuration: any EncoderDecoderConfiguration
    let network: any EncoderDecoder
    private let tokenizer: any Tokenizer
    private let cacheElement: ElementType

    init(_ checkpoint: SummarizerCheckpoint, _ settings: SummarizerSettings, _ call: Call) throws {
        configuration = checkpoint.configuration
        decoderStart = try checkpoint.decoderStart
        tokenizer = try checkpoint.tokenizer()
        var info = try checkpoint.info(settings)
        info.notes = tokenizer.notes
        self.info = info
        vocabulary = Vocabulary(tokenizer.vocabulary.resized(to: configuration.vocabSize))
        try call.check()
        network = try checkpoint.network(settings.precision?.precision ?? .f32)
        cacheElement = settings.cacheType?.element ?? .f16
        try call.check()
        try warm(call)
    }

    /// Brings every weight into memory, so that the first request is as fast as the second.
    private func warm(_ call: Call) throws {
        let context = try makeContext(ContextParameters(sequences: 1, contextLength: 1), call: call)
        try context.encode([decoderStart], for: 0, call: call)
        _ = try context.logits(of: [decoderStart], call: call)
    }

    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        try tokenizer.encode(
            text, addSpecial: flags.contains(.addSpecial),
            parseSpecial: flags.contains(.parseSpecial), plain: plain)
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> SummarizerContext {
        let own = try SummarizerSettings(json: parameters.configJSON)
        return try SummarizerContext(
            self, parameters, cacheElement: own.cacheType?.element ?? cacheElement)
    }
}
