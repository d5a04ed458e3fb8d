/// The APIs that put documents in order: Jina's, Cohere's, that of text-embeddings-inference.
struct RerankDialect: Dialect {
    func routes(on backend: Backend) -> [Route] {
        RerankRoutes(work: backend.vectors, body: backend.body, inputs: backend.inputs).routes
    }
}
