import Engine
import Hummingbird
import JSON
import NIOCore
import Services

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
        let asked = try await body.read(request, context, .vectors) {
            try EmbeddingRequest($0, inputs)
        }
        let (model, result) = try await work.run(asked.model, for: .embeddings, in: context) {
            ($0.name, try await asked.embed($0.engine))
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
        let asked = try await body.read(request, context, .vectors) {
            try SimilarityRequest($0, inputs)
        }
        let (model, result) = try await work.run(asked.model, for: .embeddings, in: context) {
            ($0.name, try await asked.embed($0.engine))
        }
        context.record.note(tokens: result.tokens)
        return await .long { Self.answer(result, model: model) }
    }

    private static func answer(_ result: EmbeddingResult, model: String) -> JSONValue {
        let scores = result.vectors.dropFirst().map { result.vectors[0].cosine(with: $0) }
        let data = scores.enumerated().map { index, score -> JSONValue in
            var item = JSONObject([
                (key: "index", value: .integer(index)),
                (key: "score", value: .number(score.decimal)),
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
        for index in done..<end {
            let (vector, reading) = (result.vectors[index], result.readings[index])
            switch encoding {
            case .float: answer.add(vector, reading)
            case .base64: answer.addBase64(vector, reading)
            }
        }
        done = end
        if done == result.vectors.count {
            answer.finish(
                model: model, tokens: result.tokens, truncated: result.readings.truncated.bool)
        }
        return answer.take()
    }
}

/// The body of `POST /v1/similarity`.
struct SimilarityRequest: Sendable {
    let model: String?
    /// The source, and behind it what is compared with it.
    private let texts: [String]
    private let longTexts: LongTexts
    /// The names of the two in the request.
    private let keys: (source: String, texts: String)

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        let sourceKey = fields.value("input") == nil ? "source" : "input"
        let textsKey = fields.value("texts") == nil ? "sentences" : "texts"
        texts = [try fields.required(sourceKey)] + (try inputs.texts(fields, textsKey))
        longTexts = try LongTexts(fields)
        keys = (fields.full(sourceKey), fields.full(textsKey))
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

extension Float {
    /// The number with the digits that a float has, not those of its bits in a double.
    var decimal: Double { Double(description) ?? Double(self) }
}
