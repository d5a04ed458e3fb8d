/// The API of OpenAI: models, completions, embeddings, images.
struct OpenAIDialect: Dialect {
    var framing: Framing { .serverSentEvents(end: "data: [DONE]\n\n") }

    func routes(on backend: Backend) -> [Route] {
        let (models, body, workload) = (backend.models, backend.body, backend.workload)
        return ModelRoutes(models: models).routes
            + CompletionRoutes(backend: backend).routes
            + EmbeddingRoutes(work: backend.vectors, body: body, inputs: backend.inputs).routes
            + ImageRoutes(models: models, body: body, workload: workload).routes
    }
}
