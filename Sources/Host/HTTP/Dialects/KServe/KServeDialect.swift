import HTTPTypes
import JSON

/// The Open Inference Protocol (KServe V2) over REST, with the extension for binary tensors.
struct KServeDialect: Dialect {
    /// `{"error": "…"}`
    func json(of error: APIError) -> JSONValue { ["error": .string(error.description)] }

    func routes(on backend: Backend) -> [Route] {
        KServeModelRoutes(models: backend.models).routes + InferRoutes(backend: backend).routes
    }
}

extension HTTPField.Name {
    /// How many bytes of a body are JSON; the rest is the data of tensors.
    static let inferenceHeaderLength = HTTPField.Name("inference-header-content-length")!
}
