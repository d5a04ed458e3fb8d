import Engine
import Hummingbird

/// `POST /v1/embeddings` and `POST /v1/similarity`.
struct EmbeddingRoutes {
    let work: VectorWork
    let body: Body
    let inputs: InputList

    var routes: [Route] {
        [
            Route(.post, "/v1/embeddings", .inference, embed),
            Route(.post, "/v1/similarity", .inference, compare),
        ]
    }

    private func embed(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try EmbeddingRequest(try await body.fields(request), inputs)
        let (model, result) = try await work.run(asked.model, for: .embeddings, in: context) {
            try asked.check($0.engine.capabilities)
            return ($0.name, try await asked.embed($0.engine))
        }
        context.record.note(tokens: result.tokens)
        var answer = EmbeddingAnswer()
        for (index, vector) in result.vectors.enumerated() {
            switch asked.encoding {
            case .float: answer.add(vector)
            case .base64: answer.addBase64(vector)
            }
            // A long answer leaves other requests their turn.
            if index % 256 == 255 { await Task.yield() }
        }
        return Response(json: answer.finish(model: model, tokens: result.tokens))
    }

    /// How close each of `sentences` is to `source`: the cosine of their embeddings.
    private func compare(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        let asked = try SimilarityRequest(fields, inputs)
        let (model, result) = try await work.run(asked.model, for: .embeddings, in: context) {
            ($0.name, try await $0.engine.embed(asked.texts, purpose: .symmetric))
        }
        context.record.note(tokens: result.tokens)
        let scores = result.vectors.dropFirst().map { result.vectors[0].cosine(with: $0) }
        let data = scores.enumerated().map { index, score -> JSONValue in
            ["index": .integer(index), "score": .number(score.decimal)]
        }
        return Response([
            "object": "list", "data": .array(data), "model": .string(model),
            "usage": .usage(result.tokens),
        ])
    }
}

/// The body of `POST /v1/similarity`.
struct SimilarityRequest: Sendable {
    let model: String?
    /// The source, and behind it what is compared with it.
    let texts: [EmbeddingInput]

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        let sourceKey = fields.value("input") == nil ? "source" : "input"
        let textsKey = fields.value("texts") == nil ? "sentences" : "texts"
        let source = try fields.required(sourceKey)
        texts = [.text(source)] + (try inputs.texts(fields, textsKey)).map { .text($0) }
    }
}

extension EmbeddingRequest {
    fileprivate func embed(_ engine: VectorEngine) async throws -> EmbeddingResult {
        try await engine.embed(
            inputs, purpose: purpose, dimensions: dimensions, normalized: isNormalized)
    }
}

extension Float {
    /// The number with the digits that a float has, not those of its bits in a double.
    var decimal: Double { Double(description) ?? Double(self) }
}
