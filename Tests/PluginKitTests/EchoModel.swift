import PluginKit

/// An encoder-decoder without weights: after token t the logits are `[t, sum of the source, 0, …]`.
final class EchoModel: EncoderDecoderModel {
    let decoderStart: Int32 = 2

    let info = ModelInfo(
        source: SourceInfo(maxTokens: 9, prefix: "echo: "), generation: EchoModel.generation)

    private static let generation: GenerationDefaults = {
        var generation = GenerationDefaults()
        generation.maxLength = 20
        generation.numBeams = 4
        generation.lengthPenalty = 2
        generation.earlyStopping = .never
        generation.forcedBOSTokenID = 0
        return generation
    }()

    let vocabulary: Vocabulary = {
        var vocabulary = Vocabulary()
        for _ in 0..<8 { vocabulary.append("a".utf8) }
        return vocabulary
    }()

    func tokenize(
        _ text: String, plain: [Range<Int>], flags: TokenizeFlags, call: Call
    ) throws -> [Int32] {
        text.utf8.map { Int32($0 % 8) }
    }

    func makeContext(_ parameters: ContextParameters, call: Call) throws -> EchoContext {
        EchoContext(sequences: parameters.sequences)
    }
}

final class EchoContext: EncodeContext, SelfTestingContext {
    /// A source that cannot be encoded.
    static let failing: [Int32] = [7, 7]

    let capabilities: DecodeCapabilities
    private var lengths: [Int]
    private var memories: [Float?]

    init(sequences: Int) {
        lengths = Array(repeating: 0, count: sequences)
        memories = Array(repeating: nil, count: sequences)
        capabilities = DecodeCapabilities(
            flags: [.fork, .truncateAny, .batchInvariant], vocabularySize: 8,
            contextLength: 16, sequences: sequences, batchSize: 4)
    }

    func hasSource(_ sequence: Int) -> Bool { memories[sequence] != nil }

    func encode(_ tokens: [Int32], for sequence: Int, call: Call) throws {
        if tokens == Self.failing { throw PluginError(.model, "no weights") }
        memories[sequence] = Float(tokens.reduce(0, +))
    }

    func forward(_ batch: Batch, into rows: Rows, call: Call) throws {
        for (row, index) in batch.wanted.enumerated() {
            rows[row].update(repeating: 0)
            rows[row][0] = Float(batch.tokens[index])
            rows[row][1] = memories[batch.sequences[index]] ?? .nan
        }
        batch.sequences.forEach { lengths[$0] += 1 }
    }

    func length(of sequence: Int) -> Int { lengths[sequence] }

    func clear(_ sequence: Int) {
        lengths[sequence] = 0
        memories[sequence] = nil
    }

    func truncate(_ sequence: Int, to length: Int) { lengths[sequence] = length }

    func fork(_ source: Int, to destination: Int, length: Int) {
        lengths[destination] = length
        memories[destination] = memories[source]
    }

    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        try DecodeSelfTest(self, source: [1, 2], tokens: [2, 3, 4], call: call).run(within: limit)
    }
}
