import Engine
import Hummingbird
import Services

/// `POST /v1/rerank`, in the shapes of Jina, Cohere and text-embeddings-inference.
struct RerankRoutes {
    let work: VectorWork
    let body: Body
    let inputs: InputList

    var routes: [Route] {
        [
            Route(.post, "/v1/rerank", .inference, rerank),
            Route(.post, "/v2/rerank", .inference, rerank),
        ]
    }

    private func rerank(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await body.read(request, context, .vectors) {
            try RerankRequest($0, inputs)
        }
        let (model, relevance) = try await work.run(
            asked.model, for: .rerank, .embeddings, in: context
        ) {
            ($0.name, try await asked.relevance($0))
        }
        context.record.note(tokens: relevance.tokens)
        return await .long { asked.answer(relevance, model: model) }
    }
}
