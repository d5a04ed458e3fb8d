import Engine
import Hummingbird
import JSON
import Services

/// `POST /v1/similarity`: how close texts are to one.
struct SimilarityRoutes {
    let work: VectorWork
    let body: Body
    let inputs: InputList

    var routes: [Route] {
        [Route(.post, "/v1/similarity", .inference, compare)]
    }

    /// How close each of `sentences` is to `source`: the cosine of their embeddings.
    private func compare(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await body.read(request, context, .vectors) {
            try SimilarityRequest($0, inputs)
        }
        let (model, result) = try await work.run(asked.model, for: .embeddings, in: context) {
            ($0.name, try await asked.embed($0.engine))
        }
        context.record.note(tokens: result.tokens)
        return await .long {
            asked.isOfTEI ? .array(Self.scores(result)) : Self.answer(result, model: model)
        }
    }

    private static func scores(_ result: EmbeddingResult) -> [JSONValue] {
        result.vectors.dropFirst().map {
            .number(result.vectors[0].cosine(with: $0).decimal)
        }
    }

    private static func answer(_ result: EmbeddingResult, model: String) -> JSONValue {
        let data = scores(result).enumerated().map { index, score -> JSONValue in
            var item = JSONObject([
                (key: "index", value: .integer(index)), (key: "score", value: score),
            ])
            item.add(result.readings[index + 1])
            return .object(item)
        }
        return [
            "object": "list", "data": .array(data), "model": .string(model),
            "truncated": result.readings.truncated, "usage": .usage(result.tokens),
        ]
    }
}

/// The body of `POST /v1/similarity`.
struct SimilarityRequest: Sendable {
    let model: String?
    /// The source, followed by the texts to compare with it.
    private let texts: [String]
    let isOfTEI: Bool
    private let longTexts: LongTexts
    /// The names of the two in the request.
    private let keys: (source: String, texts: String)

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        // Text-embeddings-inference has both in an object, and its answer is the scores alone.
        let inner = fields.value("inputs")?.object == nil ? nil : try fields.fields("inputs")
        isOfTEI = inner != nil
        let both = inner ?? fields
        let sourceKey =
            isOfTEI ? "source_sentence" : both.value("input") == nil ? "source" : "input"
        let textsKey = both.value("texts") == nil ? "sentences" : "texts"
        texts = [try both.required(sourceKey)] + (try inputs.texts(both, textsKey))
        longTexts = try LongTexts(fields)
        keys = (both.full(sourceKey), both.full(textsKey))
    }

    func embed(_ engine: VectorEngine) async throws -> EmbeddingResult {
        if longTexts == .refuse {
            try await engine.requireWhole(texts) {
                $0 == 0 ? keys.source : "\(keys.texts)[\($0 - 1)]"
            }
        }
        return try await engine.embed(texts.map { .text($0) }, purpose: .symmetric)
    }
}
