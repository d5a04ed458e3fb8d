import PluginCommon
import PluginKit
import TensorRuntime

/// The calls of one lane. An encoder keeps no state between them.
final class BertContext: VectorContext {
    let model: LoadedBert

    init(_ model: LoadedBert) {
        self.model = model
    }

    func embed(
        _ texts: [String], flags: EmbedFlags, into rows: Rows, call: Call
    ) throws {
        try embed(
            texts.map { try model.embeddingText($0, flags) }, flags, into: rows, call)
    }

    func embed(
        tokens: [[Int32]], flags: EmbedFlags, into rows: Rows, call: Call
    ) throws {
        let unpooled = model.unpooledTokens(flags)
        try embed(
            tokens.map { TokenizedText(tokens: $0, unpooled: unpooled) }, flags, into: rows, call)
    }

    private func embed(
        _ texts: [TokenizedText], _ flags: EmbedFlags, into rows: Rows, _ call: Call
    ) throws {
        guard case .sentence(let head, let normalizes) = model.head else {
            throw PluginError(.unsupported, "the model has no embeddings")
        }
        try model.reader.forEachPass(over: texts, call) { pass, states, sequences in
            let vectors = try head(
                states, sequences, leavingOut: texts[pass].map(\.unpooled))
            let isNormalized = normalizes && !flags.contains(.noNormalize)
            rows.fill(pass, with: try isNormalized ? normalizedRows(vectors) : vectors)
        }
    }

    func scores(query: String, documents: [String], call: Call) throws -> [Float] {
        let texts = try documents.map { try model.reader.read(query, pair: $0) }
        var scores: [Float] = []
        try forEachLogits(of: texts, call) { _, logits in scores += logits.floats }
        return scores
    }

    func classify(_ texts: [String], into rows: Rows, call: Call) throws {
        try forEachLogits(of: texts.map(model.reader.read), call) { pass, logits in
            rows.fill(pass, with: logits)
        }
    }

    func classify(
        _ texts: [String], pairs: [String], into rows: Rows, call: Call
    ) throws {
        let texts = try zip(texts, pairs).map { try model.reader.read($0, pair: $1) }
        try forEachLogits(of: texts, call) { pass, logits in rows.fill(pass, with: logits) }
    }

    private func forEachLogits(
        of texts: [TokenizedText], _ call: Call, _ body: (Range<Int>, Tensor) -> Void
    ) throws {
        guard case .sequence(let head) = model.head else {
            throw PluginError(.unsupported, "the model has no labels")
        }
        try model.reader.forEachPass(over: texts, call) { pass, states, sequences in
            body(pass, try head(states, sequences))
        }
    }
}
