import Hummingbird
import JSON
import PluginHost

/// `/api/pull` and the other routes that change Ollama's store of models. This host has no such store:
/// models are files that the settings name.
struct OllamaStoreRoutes {
    let models: Models
    let body: Body

    var routes: [Route] {
        [
            Route(.post, "/api/pull", .inference, pull),
            Route(.delete, "/api/delete", .admin, delete),
            refusal(.post, "/api/push", "nothing is pushed from here"),
            refusal(.post, "/api/create", "no model is made here"),
            refusal(.post, "/api/copy", "no model is copied here"),
            refusal(.post, "/api/blobs/{digest}", "no file is uploaded here"),
            Route(.get, "/api/blobs/{digest}", .inference) { _, _ in
                throw APIError.unknown("there are no blobs here; \(Self.remedy)")
            },
        ]
    }

    private static let remedy =
        "a model is a file or folder that [[models]] of plugins.toml names, or that an admin adds with "
        + "`roost models add`"

    private func refusal(
        _ method: HTTPRequest.Method, _ path: RouterPath, _ reason: String
    ) -> Route {
        Route(method, path, .inference) { _, _ in
            throw APIError.refused("\(reason); \(Self.remedy)")
        }
    }

    /// A model that is served is there already; no other is fetched.
    private func pull(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (name, streams) = try await body.read(request, context, .ollamaModels) {
            (try models.ollamaModel($0), try $0.bool("stream") ?? true)
        }
        guard models.registry.deployment(name) != nil else {
            throw APIError.unknown(
                "there is no model '\(name.prefix(128))', and none is fetched from here; "
                    + Self.remedy)
        }
        let done: JSONValue = ["status": "success"]
        guard streams else { return Response(done) }
        return OllamaDialect().stream(context) { try await $0.send(done) }
    }

    /// As `DELETE /admin/models/{name}`: unloads the model and forgets its name; its files stay.
    private func delete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = try await body.read(request, context, .ollamaModels) {
            try models.ollamaModel($0)
        }
        try await models.remove(name)
        return Response(status: .ok)
    }
}
