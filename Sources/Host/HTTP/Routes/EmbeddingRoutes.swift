import Engine
import Hummingbird
import NIOCore

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
        var pieces = EmbeddingPieces(result, model: model, encoding: asked.encoding)
        guard pieces.count > 1 else { return Response(json: pieces.next() ?? ByteBuffer()) }
        context.record.note { $0.isStreaming = true }
        return Response(
            status: .ok, headers: [.contentType: Response.jsonType],
            body: ResponseBody { [pieces] writer in
                defer { context.record.end() }
                for piece in pieces { try await writer.write(piece) }
                try await writer.finish(nil)
            })
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

/// The answer of `POST /v1/embeddings`, in pieces of about a megabyte.
private struct EmbeddingPieces: Sequence, IteratorProtocol, Sendable {
    private let result: EmbeddingResult
    private let model: String
    private let encoding: EmbeddingRequest.Encoding
    private var answer = EmbeddingAnswer()
    private var done = 0

    private static let vectors = 256

    init(_ result: EmbeddingResult, model: String, encoding: EmbeddingRequest.Encoding) {
        self.result = result
        self.model = model
        self.encoding = encoding
    }

    /// How many there are in all.
    var count: Int { (result.vectors.count + Self.vectors - 1) / Self.vectors }

    mutating func next() -> ByteBuffer? {
        guard done < result.vectors.count else { return nil }
        let end = Swift.min(done + Self.vectors, result.vectors.count)
        for vector in result.vectors[done..<end] {
            switch encoding {
            case .float: answer.add(vector)
            case .base64: answer.addBase64(vector)
            }
        }
        done = end
        if done == result.vectors.count { answer.finish(model: model, tokens: result.tokens) }
        return answer.take()
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
