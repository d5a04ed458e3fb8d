import PluginCommon
import PluginKit
import TensorRuntime

/// The calls of one lane. Nothing is kept between them.
final class ReaderContext: VectorContext {
    let model: LoadedReader

    init(_ model: LoadedReader) {
        self.model = model
    }

    func embed(_ texts: [String], flags: EmbedFlags, into rows: Rows, call: Call) throws {
        let tokens = try texts.map { try model.embeddingTokens(of: $0, flags: flags, call: call) }
        try embed(tokens: tokens, flags: flags, into: rows, call: call)
    }

    func embed(tokens: [[Int32]], flags: EmbedFlags, into rows: Rows, call: Call) throws {
        guard case .vectors(let head, let normalizes) = model.head else {
            throw PluginError(.unsupported, "the model has no embeddings")
        }
        let unpooled = model.unpooledTokens(flags)
        try model.reader.forEachPass(over: tokens, call) { pass, states, sequences in
            let vectors = try head(states, sequences, leavingOut: pass.map { _ in unpooled })
            let isNormalized = normalizes && !flags.contains(.noNormalize)
            rows.fill(pass, with: try isNormalized ? normalizedRows(vectors) : vectors)
        }
    }

    func scores(query: String, documents: [String], call: Call) throws -> [Float] {
        guard case .relevance(let head, let template) = model.head else {
            throw PluginError(.unsupported, "the model scores no pairs")
        }
        let reader = model.reader
        let texts = try documents.map {
            try template.tokens(query, $0, reader.tokenizer, atMost: reader.maxTokens)
        }
        var scores: [Float] = []
        try reader.forEachPass(overEndsOf: texts, call) { _, states in
            scores += try head(states, reader.network)
        }
        return scores
    }

    func classify(_ texts: [String], into rows: Rows, call: Call) throws {
        guard case .labels(let output) = model.head else {
            throw PluginError(.unsupported, "the model has no labels")
        }
        try model.reader.forEachPass(overEndsOf: texts.map(model.reader.read), call) {
            rows.fill($0, with: try output($1))
        }
    }
}

extension ReaderContext: SelfTestingContext {
    /// Texts of several lengths, alone and together with others.
    private static let texts = ["", "one two three", "the quick brown fox jumps over the lazy dog"]

    func selfTest(within limit: Duration, call: Call) throws -> SelfTestReport {
        let texts = try Self.texts.map(model.reader.read)
        let together = try states(of: texts, call)
        let alone = try texts.flatMap { try states(of: [$0], call) }
        let wrong = together.count { !$0.isFinite }
        let largest = zip(together, alone).reduce(0) { max($0, abs($1.0 - $1.1)) }
        return SelfTestReport([
            .init(
                "states are finite", passed: wrong == 0,
                detail: "\(wrong) of \(together.count) are not"),
            .init(
                "alone equals beside others",
                passed: together.count == alone.count && largest == 0,
                detail: "largest difference \(largest)"),
        ])
    }

    private func states(of texts: [[Int32]], _ call: Call) throws -> [Float] {
        var floats: [Float] = []
        try model.reader.forEachPass(overEndsOf: texts, call) { floats += $1.floats }
        return floats
    }
}
