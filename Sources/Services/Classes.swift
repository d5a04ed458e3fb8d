package import Engine
import PluginHost

/// How well labels fit texts.
package struct Classes: Sendable {
    package enum Method: String, Sendable {
        case trained
        /// Embeddings are compared.
        case zeroShot = "zero-shot"
        /// A model for natural language inference says whether a hypothesis follows.
        case entailment
    }

    package let method: Method
    package let labels: [String]
    /// For each text, a score for each label.
    package let scores: [[Float]]
    /// What was read of each text.
    package let readings: [TextReading]
    package let tokens: Int

    init(
        _ method: Method, labels: [String], scores: [[Float]], readings: [TextReading], tokens: Int
    ) {
        self.method = method
        self.labels = labels
        self.scores = scores
        self.readings = readings
        self.tokens = tokens
    }

    /// By the labels that the model was trained for: probabilities, or for a regression its value.
    ///
    /// - Parameters:
    ///   - pairs: the second text of each pair; nil: none.
    ///   - isMultiLabel: whether several labels may apply to one text; nil: as the model says.
    ///   - isRaw: keeps the logits as they are.
    package init(
        of texts: [String], pairs: [String]?, by engine: VectorEngine, isMultiLabel: Bool?,
        isRaw: Bool
    ) async throws {
        let found = try await engine.classify(texts, pairs: pairs)
        let problem = engine.info.problemType
        let isMultiLabel = isMultiLabel ?? (problem == "multi_label_classification")
        let scores = found.logits.map { logits in
            isRaw || problem == "regression"
                ? logits : LabelScores.trained(logits, isMultiLabel: isMultiLabel)
        }
        self.init(
            .trained, labels: engine.capabilities.labels, scores: scores,
            readings: found.readings, tokens: found.tokens)
    }
}

/// Labels that no model was trained for, which are told to it as sentences: more informative than single
/// words.
package struct CandidateLabels: Sendable {
    package let labels: [String]
    /// The sentence into which a label is put, at `{}`; nil: the usual one of the kind of model.
    private let hypothesis: String?
    /// Whether several labels may apply to one text.
    private let isMultiLabel: Bool

    package init(_ labels: [String], hypothesis: String?, isMultiLabel: Bool) {
        self.labels = labels
        self.hypothesis = hypothesis
        self.isMultiLabel = isMultiLabel
    }

    private func sentences(usual: String) -> [String] {
        labels.map { (hypothesis ?? usual).replacing("{}", with: $0) }
    }

    /// How close a text's embedding is to those of the labels.
    package func classes(
        of texts: [String], comparedBy engine: VectorEngine
    ) async throws -> Classes {
        let read = try await engine.embed(texts.map { .text($0) }, purpose: .symmetric)
        let named = try await engine.embed(
            sentences(usual: "This text is about {}.").map { .text($0) }, purpose: .symmetric)
        // A million cosines take a second.
        let scores = await BlockingThread.run("roost-compare") { [isMultiLabel] in
            read.vectors.map {
                LabelScores.zeroShot(text: $0, labels: named.vectors, isMultiLabel: isMultiLabel)
            }
        }
        return Classes(
            .zeroShot, labels: labels, scores: scores, readings: read.readings,
            tokens: read.tokens + named.tokens)
    }

    // MARK: - Natural language inference

    /// Each text with each label, a text's beside each other.
    package func pairs(with texts: [String]) -> (premises: [String], hypotheses: [String]) {
        let hypotheses = sentences(usual: "This example is {}.")
        return (
            texts.flatMap { Array(repeating: $0, count: labels.count) },
            texts.flatMap { _ in hypotheses }
        )
    }

    /// Whether a sentence with the label follows from the text, by a model for natural language inference.
    ///
    /// - Parameter entailment: the model's label that says so.
    package func classes(
        of texts: [String], inferredBy engine: VectorEngine, entailment: Int
    ) async throws -> Classes {
        let (premises, hypotheses) = pairs(with: texts)
        let found = try await engine.classify(premises, pairs: hypotheses)
        return classes(
            logits: found.logits, readings: found.readings, entailment: entailment)
    }

    /// - Parameter logits: of each of `pairs`.
    package func classes(logits: [[Float]], readings: [TextReading], entailment: Int) -> Classes {
        let rows = stride(from: 0, to: logits.count, by: labels.count).map {
            $0..<$0 + labels.count
        }
        return Classes(
            .entailment, labels: labels,
            scores: rows.map {
                LabelScores.entailed(
                    Array(logits[$0]), entailment: entailment, isMultiLabel: isMultiLabel)
            },
            readings: rows.map { Array(readings[$0]).together }, tokens: readings.tokens)
    }
}

extension VectorEngine {
    /// The label that says that the second text of a pair follows from the first.
    package var entailment: Int? {
        guard capabilities.classifiesPairs, capabilities.labels.count > 1 else { return nil }
        return capabilities.labels.firstIndex { $0.lowercased().hasPrefix("entail") }
    }
}
