import PluginCommon
import PluginKit
import TensorRuntime

/// Sequences of one network, all in one cache.
final class DecoderContext: DecodeContext, SelfTestingContext {
    let capabilities: DecodeCapabilities
    private let network: any DecoderNetwork
    private let cache: SequenceCache
    private let adapters: LoadedAdapters<DecoderAdapter>

    /// Far above any batch; limits what a context takes before its first token.
    private static let mostSequences = 1 << 16

    init(
        _ network: any DecoderNetwork, _ configuration: DecoderConfiguration,
        _ memory: SequenceCache.Layout, _ parameters: ContextParameters,
        _ adapters: LoadedAdapters<DecoderAdapter>, cacheElement: ElementType
    ) throws {
        guard parameters.sequences <= Self.mostSequences else {
            throw LlamaError.sequences(found: parameters.sequences, most: Self.mostSequences)
        }
        let contextLength = min(
            parameters.contextLength ?? configuration.contextLength, configuration.longestContext)
        self.network = network
        self.adapters = adapters
        cache = try SequenceCache(
            memory, sequences: parameters.sequences, positions: contextLength,
            element: cacheElement)
        capabilities = DecodeCapabilities(
            flags: cache.remembersAll
                ? [.truncateAny, .fork, .batchInvariant] : [.fork, .batchInvariant],
            vocabularySize: configuration.vocabSize, contextLength: contextLength,
            sequences: parameters.sequences,
            batchSize: parameters.batchSize ?? 512)
    }

    func forward(_ batch: Batch, into rows: Rows, call: Call) throws {
        let adapters = try adapters.rows(batch.adapters)
        try batch.run(in: cache, into: rows) { places in
            try RowAdapters.with(adapters) {
                let states = try network.states(
                    batch.tokens, at: places, cache, wanted: batch.wanted
                ) { try call.check() }
                if batch.wanted.isEmpty { return nil }
                return try RowAdapters.selecting(batch.wanted) { try network.logits(states) }
            }
        }
    }
}

// MARK: - Sequences

extension DecoderContext {
    func length(of sequence: Int) -> Int {
        (try? cache.attention.length(of: sequence)) ?? 0
    }

    func clear(_ sequence: Int) {
        try? cache.clear(sequence)
    }

    func truncate(_ sequence: Int, to length: Int) throws {
        try cache.truncate(sequence, to: length)
    }

    func fork(_ source: Int, to destination: Int, length: Int) throws {
        try cache.fork(source, to: destination, length: length)
    }
}

// MARK: - Self-test

extension DecoderContext {
    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        let tokens = (0..<6).map { Int32($0 * 37 % capabilities.vocabularySize) }
        return try DecodeSelfTest(self, tokens: tokens, call: call).run(within: limit)
    }
}
