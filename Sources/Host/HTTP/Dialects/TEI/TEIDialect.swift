import JSON

/// The API of text-embeddings-inference, apart from what it shares with other APIs: its rerank is
/// `RerankDialect`'s.
struct TEIDialect: Dialect {
    /// `{"error", "error_type"}`
    func json(of error: APIError) -> JSONValue {
        ["error": .string(error.description), "error_type": .string(type(of: error))]
    }

    private func type(of error: APIError) -> String {
        switch error.status {
        case 429: "Overloaded"
        case 500...: "Backend"
        default: "Validation"
        }
    }

    func routes(on backend: Backend) -> [Route] { TEIRoutes(backend: backend).routes }
}
