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
        let data = models.registry.models.flatMap { status in
            let adapters = models.adapters(of: status.name).map { adapter in
                JSONValue.object(
                    json(status, ModelChoice(model: status.name, adapter: adapter.name)))
            }
            return [.object(json(status))] + adapters
        }
        return Response(["object": "list", "data": .array(data)])
    }

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (status, choice) = try models.chosen(in: request.uri.path)
        return Response(.object(json(status, choice)))
    }

    /// - Parameter choice: the model with one of its adapters, whose parent it is.
    private func json(_ status: DeploymentStatus, _ choice: ModelChoice? = nil) -> JSONObject {
        let capabilities = models.capabilities(of: status.name)
        var json = JSONObject([
            (key: "id", value: .string(choice?.name ?? status.name)),
            (key: "object", value: "model"),
            (key: "created", value: .integer(started)), (key: "owned_by", value: "roost"),
            (key: "state", value: .string(status.state.rawValue)),
            (key: "abilities", value: .array(capabilities.map { .string($0.rawValue) })),
            (key: "meta", value: .object(meta(status))),
        ])
        if choice?.adapter != nil { json["parent"] = .string(status.name) }
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

    /// The same, with an adapter if the path names one.
    ///
    /// - Throws: `APIError.unknownModel`.
    func chosen(in path: String) throws -> (DeploymentStatus, ModelChoice) {
        let start = path.firstRange(of: "/models/")?.upperBound ?? path.startIndex
        let name = String(path[start...])
        let choice = choice(name.percentDecoded ?? name)
        let status = try status(of: choice.model)
        let adapters = adapters(of: choice.model).map(\.name)
        if let adapter = choice.adapter, !adapters.contains(adapter) {
            throw APIError.unknownModel(
                choice.name,
                known: [choice.model]
                    + adapters.map { ModelChoice(model: choice.model, adapter: $0).name })
        }
        return (status, choice)
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
