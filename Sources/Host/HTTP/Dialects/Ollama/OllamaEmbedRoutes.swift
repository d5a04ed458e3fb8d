import Engine
import Hummingbird
import JSON
import NIOCore

/// `POST /api/embed` and its predecessor, `POST /api/embeddings`.
struct OllamaEmbedRoutes {
    let backend: Backend

    var routes: [Route] {
        [
            Route(.post, "/api/embed", .inference, embed),
            Route(.post, "/api/embeddings", .inference, embedOne),
        ]
    }

    private struct EmbedRequest: Sendable {
        let model: String
        let texts: [String]
        let dimensions: Int?
        let longTexts: LongTexts

        init(_ fields: Fields, _ backend: Backend) throws {
            model = try backend.models.ollamaModel(fields)
            texts =
                fields.value("input")?.array?.isEmpty == true
                ? [] : try backend.inputs.texts(fields, "input")
            dimensions = try fields.integer("dimensions", in: 1...Int.max)
            longTexts = try LongTexts(fields)
        }
    }

    private func embed(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await backend.body.read(request, context, .ollamaVectors) {
            try EmbedRequest($0, backend)
        }
        let (model, result) = try await backend.vectors.run(
            asked.model, for: .embeddings, in: context
        ) { hold in
            if asked.longTexts == .refuse {
                try await hold.engine.requireWhole(asked.texts) {
                    asked.texts.count == 1 ? "input" : "input[\($0)]"
                }
            }
            let inputs = asked.texts.map { EmbeddingInput.text($0) }
            let result = try await hold.engine.embed(
                inputs, purpose: .symmetric, dimensions: asked.dimensions)
            return (hold.name, result)
        }
        context.record.note(tokens: result.tokens)
        let total = ContinuousClock.now - context.record.started
        return await .long {
            [
                "model": .string(model), "embeddings": .array(result.vectors.map(\.json)),
                "total_duration": .nanoseconds(total), "load_duration": 0,
                "prompt_eval_count": .integer(result.tokens),
            ]
        }
    }

    /// One text, whose vector has the length that the model gives it.
    private func embedOne(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (model, text) = try await backend.body.read(request, context, .ollamaVectors) {
            (try backend.models.ollamaModel($0), try $0.string("prompt") ?? "")
        }
        let result = try await backend.vectors.run(model, for: .embeddings, in: context) { hold in
            try await hold.engine.embed(
                text.isEmpty ? [] : [.text(text)], purpose: .symmetric, normalized: false)
        }
        context.record.note(tokens: result.tokens)
        return Response(["embedding": result.vectors.first?.json ?? []])
    }
}

extension [Float] {
    /// With the digits that a float has.
    var json: JSONValue { .array(map { .number($0.decimal) }) }
}
