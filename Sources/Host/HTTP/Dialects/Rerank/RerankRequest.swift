import Engine
import JSON
import Services

/// The body of a rerank request, and its answer in the shape that the body asks for.
///
/// `documents` are Jina's and Cohere's, `texts` those of text-embeddings-inference.
struct RerankRequest: Sendable {
    enum Shape: Sendable {
        case documents
        case texts
    }

    let shape: Shape
    let model: String?
    let query: String
    /// What is scored.
    let texts: [String]
    /// What is given back.
    private let documents: [JSONValue]
    private let returnsDocuments: Bool
    private let top: Int?
    private let isRaw: Bool
    private let longTexts: LongTexts

    init(_ fields: Fields, _ inputs: InputList) throws {
        shape = fields.value("texts") == nil ? .documents : .texts
        model = try fields.string("model")
        query = try fields.required("query")
        isRaw = try ClassifyRequest.isRaw(fields)
        longTexts = try LongTexts(fields)
        top = try fields.integer("top_n", in: 1...Int.max)
        switch shape {
        case .texts:
            texts = try inputs.texts(fields, "texts")
            documents = texts.map { .string($0) }
            returnsDocuments = try fields.bool("return_text") ?? false
        case .documents:
            documents = try Self.documents(fields, inputs)
            texts = try Self.texts(of: documents, fields)
            returnsDocuments = try fields.bool("return_documents") ?? false
        }
    }

    private static func documents(_ fields: Fields, _ inputs: InputList) throws -> [JSONValue] {
        let expected = "an array of strings or of objects with a 'text'"
        guard let documents = try fields.array("documents") else {
            throw APIError.missing(param: "documents", expected: expected)
        }
        if documents.isEmpty {
            throw APIError.invalid(param: "documents", "is an empty array, expected \(expected)")
        }
        try inputs.check(documents.count, "documents")
        return documents
    }

    /// A document's own text, or its `rank_fields`, a line each.
    private static func texts(of documents: [JSONValue], _ fields: Fields) throws -> [String] {
        let keys = try rankFields(fields) ?? ["text"]
        return try documents.enumerated().map { index, document in
            if let text = document.string { return text }
            let path = "documents[\(index)]"
            guard let object = document.object else {
                throw APIError.invalid(
                    param: path, "is \(document.shown), expected a string or an object")
            }
            let fields = Fields(object, path: path)
            return try keys.map { try fields.required($0) }.joined(separator: "\n")
        }
    }

    private static func rankFields(_ fields: Fields) throws -> [String]? {
        guard let elements = try fields.array("rank_fields") else { return nil }
        let keys = elements.compactMap(\.string)
        guard !keys.isEmpty, keys.count == elements.count, Set(keys).count == keys.count else {
            throw APIError.invalid(
                param: "rank_fields", "is none, expected the names of fields, each once")
        }
        return keys
    }

    func relevance(_ hold: ModelHold<VectorEngine>) async throws -> Relevance {
        if longTexts == .refuse {
            let key = shape == .texts ? "texts" : "documents"
            try await hold.requireWhole(texts, with: query) { "\(key)[\($0)]" }
        }
        return try await hold.relevance(of: texts, to: query, isRaw: isRaw)
    }

    func answer(_ relevance: Relevance, model: String) -> JSONValue {
        let best = relevance.ranking.prefix(top ?? texts.count)
        let results = best.map { JSONValue.object(result($0, relevance)) }
        guard shape == .documents else { return .array(results) }
        return [
            "id": .string(Identifier.random(prefix: "rerank-")), "object": "list",
            "model": .string(model), "method": .string(relevance.method.rawValue),
            "results": .array(results), "truncated": relevance.truncated,
            "usage": .usage(relevance.tokens),
            "meta": [
                "api_version": ["version": "2"], "billed_units": ["search_units": 1],
            ],
        ]
    }

    private func result(_ index: Int, _ relevance: Relevance) -> JSONObject {
        var result = JSONObject([(key: "index", value: .integer(index))])
        let score = JSONValue.number(relevance.scores[index].decimal)
        result[shape == .documents ? "relevance_score" : "score"] = score
        result.add(relevance.readings[index])
        guard returnsDocuments else { return result }
        switch shape {
        case .texts: result["text"] = documents[index]
        case .documents:
            let document = documents[index]
            result["document"] = document.string == nil ? document : ["text": document]
        }
        return result
    }
}
