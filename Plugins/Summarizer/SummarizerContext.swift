import PluginCommon
import PluginKit
import TensorRuntime

/// Sequences of one decoder, all in one cache, each with the memory of its source.
final class SummarizerContext: EncodeContext, SelfTestingContext {
    let capabilities: DecodeCapabilities
    private let model: LoadedSummarizer
    private let cache: KVCache
    private let cacheElement: ElementType
    private var memories: [AttentionMemory?]

    /// Far above any batch; limits what a context takes before its first token.
    private static let mostSequences = 1 << 16

    init(
        _ model: LoadedSummarizer, _ parameters: ContextParameters, cacheElement: ElementType
    ) throws {
        guard parameters.sequences <= Self.mostSequences else {
            throw SummarizerError.sequences(found: parameters.sequences, most: Self.mostSequences)
        }
        let c = model.configuration
        let limit = c.decoderPositions
        let contextLength = min(parameters.contextLength ?? limit, limit)
        self.model = model
        self.cacheElement = cacheElement
        cache = try KVCache(
            layers: c.decoderDepth, kvHeads: c.decoderHeads, headSize: c.headSize,
            sequences: parameters.sequences, positions: contextLength, element: cacheElement)
        memories = Array(repeating: nil, count: parameters.sequences)
        capabilities = DecodeCapabilities(
            flags: [.truncateAny, .fork, .batchInvariant], vocabularySize: c.vocabSize,
            contextLength: contextLength, sequences: parameters.sequences,
            batchSize: parameters.batchSize ?? 512)
    }

    func forward(_ batch: Batch, into rows: Rows, call: Call) throws {
        try batch.run(in: cache, into: rows) { places in
            let states = try model.network.decode(
                batch.tokens, at: places, cache,
                lookingAt: batch.sequences.compactMap { memories[$0] }, wanted: batch.wanted,
                beforeLayer: call.check)
            return batch.wanted.isEmpty ? nil : try model.network.logits(states)
        }
    }
}

// MARK: - Sources

extension SummarizerContext {
    func hasSource(_ sequence: Int) -> Bool { memories[sequence] != nil }

    func encode(_ tokens: [Int32], for sequence: Int, call: Call) throws {
        let c = model.configuration
        if let most = c.longestSource, tokens.count > most {
            throw SummarizerError.longSource(found: tokens.count, most: most)
        }
        let memory = try AttentionMemory(
            layers: c.decoderDepth, kvHeads: c.decoderHeads, headSize: c.headSize,
            length: tokens.count, element: cacheElement)
        try model.network.encode(tokens, into: memory, beforeLayer: call.check)
        memories[sequence] = memory
    }
}

// MARK: - Sequences

extension SummarizerContext {
    func length(of sequence: Int) -> Int {
        (try? cache.length(of: sequence)) ?? 0
    }

    func clear(_ sequence: Int) {
        try? cache.clear(sequence)
        memories[sequence] = nil
    }

    func truncate(_ sequence: Int, to length: Int) throws {
        try cache.truncate(sequence, to: length)
    }

    func fork(_ source: Int, to destination: Int, length: Int) throws {
        try cache.fork(source, to: destination, length: length)
        memories[destination] = memories[source]
    }
}

// MARK: - Self-test

extension SummarizerContext {
    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        let ids = (0..<6).map { Int32($0 * 37 % capabilities.vocabularySize) }
        return try DecodeSelfTest(
            self, source: ids, tokens: [model.decoderStart] + ids.prefix(4), call: call
        ).run(within: limit)
    }
}
