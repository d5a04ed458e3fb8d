import Engine
import Hummingbird
import JSON
import PluginHost
import Services

/// `GET /v1/models` and `GET /v1/models/{id}`.
struct ModelRoutes {
    let models: Models
    /// When the host started, in seconds since 1970: every model's `created`.
    let started = WallClock.now.seconds

    var routes: [Route] {
        [
            Route(.get, "/v1/models", .inference, list),
            Route(.get, "/v1/models/**", .inference, show),
        ]
    }

    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let data = models.registry.models.map { JSONValue.object(json($0)) }
        return Response(["object": "list", "data": .array(data)])
    }

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(.object(json(try models.status(in: request.uri.path))))
    }

    private func json(_ status: DeploymentStatus) -> JSONObject {
        let capabilities = models.capabilities(of: status.name)
        var json = JSONObject([
            (key: "id", value: .string(status.name)), (key: "object", value: "model"),
            (key: "created", value: .integer(started)), (key: "owned_by", value: "roost"),
            (key: "state", value: .string(status.state.rawValue)),
            (key: "abilities", value: .array(capabilities.map { .string($0.rawValue) })),
            (key: "meta", value: .object(meta(status))),
        ])
        if status.state == .failed, let reason = status.lastError {
            json["reason"] = .string(reason.withoutFolders)
        }
        return json
    }

    private func meta(_ status: DeploymentStatus) -> JSONObject {
        var meta = JSONObject()
        meta["plugin"] = status.plugin.map { .string($0) }
        guard let description = status.description else { return meta }
        let info = ModelInfo(description)
        meta["architecture"] = info.architecture.map { .string($0) }
        meta["parameters"] = info.parameters.map { .integer($0) }
        meta["quantization"] = info.quantization.map { .string($0) }
        meta["license"] = info.license.map { .string($0) }
        let serving = models.serving(status.name)
        if let text = serving?.text {
            meta.add(text)
            let capability: Capability = description.encoder == nil ? .chat : .summarize
            meta["sampling"] = .object(models.sampling(of: status.name, for: capability).json)
        }
        if let vectors = description.vectors { meta.add(vectors) }
        let tasks = models.tasks(of: status.name)
        if !tasks.isEmpty { meta["tasks"] = .array(tasks.map { .string($0.name) }) }
        if let image = description.image { meta["image"] = .object(image.json) }
        return meta
    }
}

extension Models {
    /// The model that the path of a request names behind `/models/`. Names may hold slashes, written as
    /// they are or as `%2F`.
    ///
    /// - Throws: `APIError.unknownModel`.
    func status(in path: String) throws -> DeploymentStatus {
        let start = path.firstRange(of: "/models/")?.upperBound ?? path.startIndex
        let name = String(path[start...])
        return try status(of: name.percentDecoded ?? name)
    }

    /// - Throws: `APIError.unknownModel`.
    func status(of name: String) throws -> DeploymentStatus {
        guard let status = registry.deployment(name)?.status else {
            throw APIError.unknownModel(name, known: registry.models.map(\.name))
        }
        return status
    }
}

extension JSONObject {
    fileprivate mutating func add(_ text: TextServing) {
        self["context_length"] = .integer(text.engine.contextLength)
        self["vocabulary"] = .integer(text.engine.vocabularySize)
        if text.engine.readsSource {
            self["max_tokens"] = .optional(text.engine.info.maxTokens)
        } else {
            self["chat_template"] = .string(text.prompt.form.name)
        }
    }

    fileprivate mutating func add(_ vectors: VectorCapabilities) {
        self["max_tokens"] = .integer(vectors.maxTokens)
        if vectors.dimensions > 0 { self["dimensions"] = .integer(vectors.dimensions) }
        if vectors.classifies { self["labels"] = .array(vectors.labels.map { .string($0) }) }
    }
}

extension ChatPrompt.Form {
    /// `model`: its own; `plain`: none, the contents are joined; `broken`: its own cannot be read.
    var name: String {
        switch self {
        case .template: "model"
        case .plain: "plain"
        case .broken: "broken"
        }
    }
}
