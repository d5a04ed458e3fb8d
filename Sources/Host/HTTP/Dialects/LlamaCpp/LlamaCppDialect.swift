import JSON

/// The routes of llama.cpp's server that are of no other API: its `/tokenize`, `/detokenize` and
/// `/health` are Roost's own without their version, and its `/v1` is OpenAI's.
struct LlamaCppDialect: Dialect {
    /// `{"error": {"code", "message", "type"}}`
    func json(of error: APIError) -> JSONValue {
        let type =
            switch error.status {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 501: "not_supported_error"
            case 503: "unavailable_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        return [
            "error": [
                "code": .integer(error.status), "message": .string(error.description),
                "type": .string(type),
            ]
        ]
    }

    func routes(on backend: Backend) -> [Route] {
        LlamaCompletionRoutes(backend: backend).routes
            + LlamaServerRoutes(models: backend.models, body: backend.body).routes
    }
}
