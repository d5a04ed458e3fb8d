import Engine
import PluginHost
import Services

/// How well labels fit texts.
struct Classes: Sendable {
    enum Method: String, Sendable {
        case trained
        /// Embeddings are compared.
        case zeroShot = "zero-shot"
        /// A model for natural language inference says whether a hypothesis follows.
        case entailment
    }

    let method: Method
    let labels: [String]
    /// For each text, a score for each label.
    let scores: [[Float]]
    /// What was read of each text.
    let readings: [TextReading]
    let tokens: Int

    /// By the labels that the model was trained for: probabilities, or for a regression its value.
    init(of asked: ClassifyRequest, _ engine: VectorEngine) async throws {
        method = .trained
        labels = engine.capabilities.labels
        if asked.pairs != nil, !engine.capabilities.classifiesPairs {
            throw APIError.unsupported(
                param: "text_pair", "is not for this model, which reads one text at a time")
        }
        try await asked.requireWhole(
            asked.texts, with: asked.pairs.map { .pairs($0) } ?? .none, of: engine)
        let result = try await engine.classify(asked.texts, pairs: asked.pairs)
        let problem = engine.info.problemType
        let isMultiLabel = asked.isMultiLabel ?? (problem == "multi_label_classification")
        scores = result.logits.map { logits in
            if asked.isRaw || problem == "regression" { return logits }
            return LabelScores.trained(logits, isMultiLabel: isMultiLabel)
        }
        readings = result.readings
        tokens = result.tokens
    }

    // MARK: - Candidate labels

    /// By candidate labels: how close a text's embedding is to those of the labels.
    init(zeroShot asked: ClassifyRequest, _ engine: VectorEngine) async throws {
        method = .zeroShot
        labels = asked.labels ?? []
        try await asked.requireWhole(asked.texts, of: engine)
        let hypotheses = asked.hypotheses(usual: "This text is about {}.")
        let texts = try await engine.embed(asked.texts.map { .text($0) }, purpose: .symmetric)
        let names = try await engine.embed(hypotheses.map { .text($0) }, purpose: .symmetric)
        // A million cosines take a second.
        scores = await BlockingThread.run("roost-compare") {
            texts.vectors.map {
                LabelScores.zeroShot(
                    text: $0, labels: names.vectors, isMultiLabel: asked.isMultiLabel == true)
            }
        }
        readings = texts.readings
        tokens = texts.tokens + names.tokens
    }

    /// By candidate labels: whether a sentence with the label follows from the text, by a model for
    /// natural language inference.
    ///
    /// - Throws: `APIError.refused` for a model whose labels have no entailment.
    init(entailedBy asked: ClassifyRequest, _ engine: VectorEngine, most: Int) async throws {
        guard let entailment = engine.entailment else {
            throw APIError.refused(
                "this model tells \(Self.list(engine.capabilities.labels)) apart and no other labels; "
                    + "for those name a model that makes embeddings, or one of natural language "
                    + "inference, which has the label 'entailment'")
        }
        method = .entailment
        let names = asked.labels ?? []
        labels = names
        let hypotheses = asked.hypotheses(usual: "This example is {}.")
        guard asked.texts.count * names.count <= most else {
            throw APIError.invalid(
                param: "labels",
                "are \(names.count) for \(asked.texts.count) texts, expected up to \(most) pairs; "
                    + "send several requests, or raise server.max_inputs")
        }
        let premises = asked.texts.flatMap { Array(repeating: $0, count: names.count) }
        let pairs = asked.texts.flatMap { _ in hypotheses }
        try await asked.requireWhole(premises, with: .pairs(pairs), of: engine) {
            $0 / names.count
        }
        let result = try await engine.classify(premises, pairs: pairs)
        let rows = stride(from: 0, to: premises.count, by: names.count).map {
            $0..<$0 + names.count
        }
        scores = rows.map {
            LabelScores.entailed(
                Array(result.logits[$0]), entailment: entailment,
                isMultiLabel: asked.isMultiLabel == true)
        }
        readings = rows.map { Array(result.readings[$0]).together }
        tokens = result.tokens
    }

    private static func list(_ labels: [String]) -> String {
        let shown = labels.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        return labels.count > 5 ? shown + ", …" : shown
    }
}

extension VectorEngine {
    /// The label that says that the second text of a pair follows from the first.
    var entailment: Int? {
        guard capabilities.classifiesPairs, capabilities.labels.count > 1 else { return nil }
        return capabilities.labels.firstIndex { $0.lowercased().hasPrefix("entail") }
    }
}
