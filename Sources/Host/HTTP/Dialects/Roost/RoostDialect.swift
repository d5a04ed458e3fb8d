import JSON

/// What only this host offers: its tasks, its collections, its page, its administration.
struct RoostDialect: Dialect {
    /// OpenAI's members, and for a model that could not be started the parts of the sentence.
    func json(of error: APIError) -> JSONValue {
        var members = error.members
        if case .notLoadable(_, let problem) = error {
            members["stage"] = .string(problem.stage)
            members["reason"] = .string(problem.reason)
            members["fix"] = .optional(problem.fix)
            members["serving_generation"] = .optional(problem.serving)
        }
        return ["error": .object(members)]
    }

    func routes(on backend: Backend) -> [Route] {
        let (models, body, workload) = (backend.models, backend.body, backend.workload)
        let (work, inputs) = (backend.vectors, backend.inputs)
        return SummaryRoutes(models: models, body: body, workload: workload).routes
            + TokenRoutes(models: models, body: body, inputs: inputs).routes
            + SimilarityRoutes(work: work, body: body, inputs: inputs).routes
            + ClassifyRoutes(work: work, body: body, inputs: inputs).routes
            + TaskRoutes(models: models, body: body, workload: workload).routes
            + AnswerRoutes(
                work: work, source: backend.collections.map(CollectionPassages.init), body: body,
                inputs: inputs
            ).routes
            + (backend.collections.map {
                CollectionRoutes(store: $0, body: body, workload: workload).routes
            } ?? [])
            + ConversationRoutes(store: backend.store, body: body).routes
            + AdminRoutes(models: models, body: body, libraries: backend.libraries).routes
            + AdminTokenRoutes().routes
            + OperationRoutes(
                models: models, workload: workload, metrics: backend.metrics
            ).routes
            + PageRoutes().routes
    }
}
