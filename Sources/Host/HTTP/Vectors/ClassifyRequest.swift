import Engine
import PluginHost

/// The body of `POST /v1/classify`.
struct ClassifyRequest: Sendable {
    let model: String?
    let texts: [String]
    /// Labels that no model was trained for; nil: those of the model.
    let labels: [String]?
    /// What a label is put into, at `{}`, to become a sentence.
    private let hypothesis: String
    /// Several labels may hold of one text, so each is scored by itself; nil: as the model says.
    let isMultiLabel: Bool?
    private let top: Int?

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        texts = try inputs.texts(fields, "input")
        labels = try Self.labels(fields, inputs)
        hypothesis = try Self.hypothesis(fields) ?? "This text is about {}."
        isMultiLabel = try fields.bool("multi_label")
        top = try fields.integer("top_k", in: 1...Int.max)
        let scores = texts.count * (labels?.count ?? 1)
        guard scores <= Self.mostScores else {
            throw APIError.invalid(
                param: "labels",
                "are \(labels?.count ?? 0) for \(texts.count) texts, expected up to "
                    + "\(Self.mostScores) scores in a request; send several")
        }
    }

    /// Of labels and of hypotheses, in bytes: each label is put into the hypothesis, which a request could
    /// otherwise make into any amount of text.
    private static let longest = 1000
    private static let mostScores = 1_000_000

    private static func hypothesis(_ fields: Fields) throws -> String? {
        guard let text = try fields.string("hypothesis") else { return nil }
        guard text.utf8.count <= longest, text.ranges(of: "{}").count == 1 else {
            throw APIError.invalid(
                param: "hypothesis",
                "is not right: expected up to \(longest) bytes with one {}, where the label is put")
        }
        return text
    }

    private static func labels(_ fields: Fields, _ inputs: InputList) throws -> [String]? {
        guard let elements = try fields.array("labels") else { return nil }
        let labels = try inputs.texts(elements, "labels")
        guard !labels.isEmpty, !labels.contains(""), Set(labels).count == labels.count else {
            throw APIError.invalid(
                param: "labels", "holds none, an empty or the same label twice, expected words")
        }
        if let long = labels.firstIndex(where: { $0.utf8.count > longest }) {
            throw APIError.invalid(
                param: "labels[\(long)]", "is longer than \(longest) bytes, expected a word")
        }
        return labels
    }

    /// The candidate labels as sentences, which an embedding says more about than about a word.
    var hypotheses: [String] {
        (labels ?? []).map { hypothesis.replacing("{}", with: $0) }
    }

    func answer(_ classes: Classes, model: String) -> JSONValue {
        let data = classes.scores.enumerated().map { result($0, $1, classes.labels) }
        return [
            "object": "list", "data": .array(data), "model": .string(model),
            "method": .string(classes.method.rawValue), "usage": .usage(classes.tokens),
        ]
    }

    private func result(_ index: Int, _ scores: [Float], _ labels: [String]) -> JSONValue {
        let order = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        let shown = order.prefix(top ?? order.count).map { position -> JSONValue in
            ["label": .string(labels[position]), "score": .number(scores[position].decimal)]
        }
        return [
            "object": "classification", "index": .integer(index),
            "label": shown.first?["label"] ?? .null, "score": shown.first?["score"] ?? .null,
            "labels": .array(shown),
        ]
    }
}

/// How well labels fit texts.
struct Classes: Sendable {
    enum Method: String, Sendable {
        case trained
        case zeroShot = "zero-shot"
    }

    let method: Method
    let labels: [String]
    /// For each text, a score for each label.
    let scores: [[Float]]
    let tokens: Int

    /// By the labels that the model was trained for: probabilities, or for a regression its value.
    init(of asked: ClassifyRequest, _ engine: VectorEngine) async throws {
        method = .trained
        labels = engine.capabilities.labels
        let result = try await engine.classify(asked.texts)
        let problem = engine.info.problemType
        let isMultiLabel = asked.isMultiLabel ?? (problem == "multi_label_classification")
        scores = result.logits.map { logits in
            if problem == "regression" { return logits }
            // One label alone is a yes or no.
            return isMultiLabel || logits.count == 1 ? logits.map(\.sigmoid) : logits.softmax
        }
        tokens = result.tokens
    }

    /// The scale that embedding models are trained with when they tell right from wrong sentences by a
    /// softmax over cosines (multiple negatives ranking, arXiv:1705.00652, with the usual factor).
    private static let scale: Float = 20

    /// By candidate labels: how close a text's embedding is to those of the labels.
    init(zeroShot asked: ClassifyRequest, _ engine: VectorEngine) async throws {
        method = .zeroShot
        labels = asked.labels ?? []
        let texts = try await engine.embed(asked.texts.map { .text($0) }, purpose: .symmetric)
        let names = try await engine.embed(asked.hypotheses.map { .text($0) }, purpose: .symmetric)
        scores = texts.vectors.map { text in
            let cosines = names.vectors.map { text.cosine(with: $0) }
            return asked.isMultiLabel == true
                ? cosines.map { max(0, $0) } : cosines.map { $0 * Self.scale }.softmax
        }
        tokens = texts.tokens + names.tokens
    }
}
