import JSON

/// The Responses API of OpenAI: its events have names, and its streams end with the last of them.
struct ResponsesDialect: Dialect {
    func routes(on backend: Backend) -> [Route] { ResponseRoutes(backend: backend).routes }
}
