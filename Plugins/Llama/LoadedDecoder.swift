import PluginCommon
import PluginKit
import TensorRuntime
import Tokenizers

/// An open model: the network, its tokenizer, and its description.
final class LoadedDecoder: TextModel {
    let info: ModelInfo
    let vocabulary: Vocabulary
    let adapters = LoadedAdapters<DecoderAdapter>()
    let form: DecoderForm
    let weightBytes: UInt64
    let budget: UInt64?
    private let configuration: DecoderConfiguration
    private let memory: SequenceCache.Layout
    private let network: any DecoderNetwork
    private let tokenizer: any Tokenizer
    private let cacheElement: ElementType

    init(
        _ checkpoint: DecoderCheckpoint, _ settings: LlamaSettings, _ request: OpenRequest
    ) throws {
        request.tell(0, of: 3, "reading the tokenizer")
        configuration = checkpoint.configuration
        memory = checkpoint.memory
        tokenizer = try checkpoint.tokenizer(preTokenizer: settings.preTokenizer)
        var info = try checkpoint.info()
        info.notes = tokenizer.notes
        self.info = info
        vocabulary = Vocabulary(tokenizer.vocabulary.resized(to: configuration.vocabSize))
        try request.call.check()
        request.tell(1, of: 3, "mapping the weights")
        let weights = try checkpoint.weights()
        network = try checkpoint.network(weights)
        try weights.requireAllRead()
        form = DecoderForm(
            family: checkpoint.decoder.family, configuration: configuration, maps: weights.maps)
        weightBytes = checkpoint.weightBytes
        budget = request.budgetBytes
        cacheElement = settings.cacheType?.element ?? .f16
        try request.call.check()
        request.tell(2, of: 3, "reading the weights into memory")
        try warm(request.call)
    }

    /// Brings every weight into memory, so that the first request is as fast as the second.
    private func warm(_ call: Call) throws {
        let context = try makeContext(ContextParameters(sequences: 1, contextLength: 1), call: call)
        _ = try context.logits(of: [0], call: call)
    }

    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        try tokenizer.encode(
            text, addSpecial: flags.contains(.addSpecial),
            parseSpecial: flags.contains(.parseSpecial), plain: plain)
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> DecoderContext {
        let own = try LlamaSettings(json: parameters.configJSON)
        return try DecoderContext(
            network, configuration, memory, parameters, adapters,
            cacheElement: own.cacheType?.element ?? cacheElement)
    }
}
