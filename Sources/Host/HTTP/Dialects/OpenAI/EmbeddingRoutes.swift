import Engine
import Hummingbird
import JSON
import NIOCore

/// `POST /v1/embeddings`.
struct EmbeddingRoutes {
    let work: VectorWork
    let body: Body
    let inputs: InputList

    var routes: [Route] {
        [Route(.post, "/v1/embeddings", .inference, embed)]
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
