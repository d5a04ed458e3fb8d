import HTTPTypes
import JSON
import PluginHost

/// The API of Ollama.
struct OllamaDialect: Dialect {
    var keyHeaders: [KeyHeader] { [.bearer] }
    var framing: Framing { .jsonLines }

    /// `{"error": "…"}`
    func json(of error: APIError) -> JSONValue { ["error": .string(error.description)] }

    /// A full queue is 503, which its clients take for a busy server.
    func status(of error: APIError) -> Int {
        if case .overloaded = error { 503 } else { error.status }
    }

    func routes(on backend: Backend) -> [Route] {
        OllamaTextRoutes(backend: backend).routes
            + OllamaEmbedRoutes(backend: backend).routes
            + OllamaModelRoutes(models: backend.models, body: backend.body).routes
            + OllamaStoreRoutes(models: backend.models, body: backend.body).routes
    }
}

extension Models {
    /// The model that an Ollama client names: `:latest` behind a name says nothing.
    func ollamaName(_ name: String) -> String {
        let tag = ":latest"
        guard registry.deployment(name) == nil, name.hasSuffix(tag) else { return name }
        let short = String(name.dropLast(tag.count))
        return registry.deployment(short) == nil ? name : short
    }

    /// The member `model` of a request, or `name` as it was called first.
    ///
    /// - Throws: `APIError.missing`: this API has no default model.
    func ollamaModel(_ fields: Fields) throws -> String {
        guard let name = try fields.string("model") ?? fields.string("name") else {
            throw APIError.missing(param: "model", expected: "the name of a model")
        }
        return ollamaName(name)
    }
}
