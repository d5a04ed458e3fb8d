import Engine
import JSON
import PluginHost
import Services

/// The body of `POST /v1/classify`.
struct ClassifyRequest: Sendable {
    let model: String?
    let texts: [String]
    /// The second text of each pair; nil: none.
    let pairs: [String]?
    /// Labels that no model was trained for; nil: those of the model.
    let labels: [String]?
    /// The sentence into which a label is put, at `{}`; nil: the default of the kind of model.
    private let hypothesis: String?
    /// Several labels may apply to one text, so each is scored separately; nil: as the model says.
    let isMultiLabel: Bool?
    /// Logits are left as they are.
    let isRaw: Bool
    private let longTexts: LongTexts
    private let top: Int?
    /// The name of the texts in the request.
    private let key: String

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        (texts, pairs) = try inputs.pairedTexts(fields, "input", pairs: "text_pair")
        key = fields.full("input")
        labels = try Self.labels(fields, inputs)
        hypothesis = try Self.hypothesis(fields)
        isMultiLabel = try fields.bool("multi_label")
        isRaw = try Self.isRaw(fields)
        longTexts = try LongTexts(fields)
        top = try fields.integer("top_k", in: 1...Int.max)
        let scores = texts.count * (labels?.count ?? 1)
        guard scores <= Self.mostScores else {
            throw APIError.invalid(
                param: "labels",
                "are \(labels?.count ?? 0) for \(texts.count) texts, expected up to "
                    + "\(Self.mostScores) scores in a request; send several")
        }
        if labels != nil, pairs != nil {
            throw APIError.invalid(
                param: "labels",
                "is given beside pairs of texts: a label is read behind its text itself")
        }
    }

    /// Text Embeddings Inference asks for logits, vLLM for no activation.
    static func isRaw(_ fields: Fields) throws -> Bool {
        let isActivated = try fields.bool("use_activation")
        return try fields.bool("raw_scores") ?? isActivated.map { !$0 } ?? false
    }

    /// Of labels and of hypotheses, in bytes: each label is put into the hypothesis, which a request could
    /// otherwise make into any amount of text.
    private static let longest = 1000
    private static let mostScores = 1_000_000

    private static func hypothesis(_ fields: Fields) throws -> String? {
        guard let text = try fields.string("hypothesis") else { return nil }
        guard text.utf8.count <= longest, text.ranges(of: "{}").count == 1 else {
            throw APIError.invalid(
                param: fields.full("hypothesis"),
                "is not right: expected up to \(longest) bytes with one {}, where the label is put")
        }
        return text
    }

    private static func labels(_ fields: Fields, _ inputs: InputList) throws -> [String]? {
        guard let elements = try fields.array("labels") else { return nil }
        let key = fields.full("labels")
        let labels = try inputs.texts(elements, key)
        guard !labels.isEmpty, !labels.contains(""), Set(labels).count == labels.count else {
            throw APIError.invalid(
                param: key, "holds none, an empty or the same label twice, expected words")
        }
        if let long = labels.firstIndex(where: { $0.utf8.count > longest }) {
            throw APIError.invalid(
                param: "\(key)[\(long)]", "is longer than \(longest) bytes, expected a word")
        }
        return labels
    }

    /// If texts must not be cut, refuses those that would be.
    private func requireWhole(
        _ texts: [String], with companions: Companions = .none, of engine: VectorEngine,
        _ index: (Int) -> Int = { $0 }
    ) async throws {
        guard longTexts == .refuse else { return }
        try await engine.requireWhole(texts, with: companions) {
            self.texts.count == 1 ? key : "\(key)[\(index($0))]"
        }
    }
}

// MARK: - Asking

extension ClassifyRequest {
    /// By the labels that the model was trained for.
    func classes(by engine: VectorEngine) async throws -> Classes {
        if pairs != nil, !engine.capabilities.classifiesPairs {
            throw APIError.unsupported(
                param: "text_pair", "is not for this model, which reads one text at a time")
        }
        try await requireWhole(texts, with: pairs.map { .pairs($0) } ?? .none, of: engine)
        return try await Classes(
            of: texts, pairs: pairs, by: engine, isMultiLabel: isMultiLabel, isRaw: isRaw)
    }

    private var candidates: CandidateLabels {
        CandidateLabels(
            labels ?? [], hypothesis: hypothesis, isMultiLabel: isMultiLabel == true)
    }

    /// By candidate labels and embeddings.
    func classes(comparedBy engine: VectorEngine) async throws -> Classes {
        try await requireWhole(texts, of: engine)
        return try await candidates.classes(of: texts, comparedBy: engine)
    }

    /// By candidate labels and natural language inference.
    ///
    /// - Parameter most: pairs of a request.
    /// - Throws: `APIError.refused` for a model whose labels have no entailment.
    func classes(inferredBy engine: VectorEngine, most: Int) async throws -> Classes {
        guard let entailment = engine.entailment else {
            throw APIError.refused(
                "this model tells \(Self.list(engine.capabilities.labels)) apart and no other labels; "
                    + "for those name a model that makes embeddings, or one of natural language "
                    + "inference, which has the label 'entailment'")
        }
        let count = candidates.labels.count
        guard texts.count * count <= most else {
            throw APIError.invalid(
                param: "labels",
                "are \(count) for \(texts.count) texts, expected up to \(most) pairs; "
                    + "send several requests, or raise server.max_inputs")
        }
        if longTexts == .refuse {
            let (premises, hypotheses) = candidates.pairs(with: texts)
            try await requireWhole(premises, with: .pairs(hypotheses), of: engine) { $0 / count }
        }
        return try await candidates.classes(
            of: texts, inferredBy: engine, entailment: entailment)
    }

    private static func list(_ labels: [String]) -> String {
        let shown = labels.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        return labels.count > 5 ? shown + ", …" : shown
    }
}

// MARK: - Answers

extension ClassifyRequest {
    func answer(_ classes: Classes, model: String) -> JSONValue {
        let data = classes.scores.indices.map { result($0, classes) }
        return [
            "object": "list", "data": .array(data), "model": .string(model),
            "method": .string(classes.method.rawValue), "truncated": classes.readings.truncated,
            "usage": .usage(classes.tokens),
        ]
    }

    private func result(_ index: Int, _ classes: Classes) -> JSONValue {
        let (scores, labels) = (classes.scores[index], classes.labels)
        let order = scores.ranking
        let shown = order.prefix(top ?? order.count).map { position -> JSONValue in
            ["label": .string(labels[position]), "score": .number(scores[position].decimal)]
        }
        var result = JSONObject([
            (key: "object", value: "classification"), (key: "index", value: .integer(index)),
            (key: "label", value: shown.first?["label"] ?? .null),
            (key: "score", value: shown.first?["score"] ?? .null),
            (key: "labels", value: .array(shown)),
        ])
        result.add(classes.readings[index])
        return .object(result)
    }
}
