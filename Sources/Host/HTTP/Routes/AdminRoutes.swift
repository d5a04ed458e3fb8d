import Engine
import Hummingbird
import PluginHost

/// `/admin/models` and `/admin/plugins`: what is loaded, and changing it while the host serves.
struct AdminRoutes {
    let models: Models
    let body: Body

    private var registry: DeploymentRegistry { models.registry }

    var routes: [Route] {
        [
            Route(.get, "/admin/models", .admin, listModels),
            Route(.post, "/admin/models", .admin, addModel),
            Route(.get, "/admin/models/{name}", .admin, showModel),
            Route(.delete, "/admin/models/{name}", .admin, removeModel),
            Route(.post, "/admin/models/{name}/load", .admin, loadModel),
            Route(.post, "/admin/models/{name}/unload", .admin, unloadModel),
            Route(.post, "/admin/models/{name}/reload", .admin, reloadModel),
            Route(.get, "/admin/plugins", .admin, listPlugins),
            Route(.post, "/admin/plugins", .admin, addPlugin),
            Route(.post, "/admin/plugins/{name}/reload", .admin, reloadPlugin),
            Route(.post, "/admin/plugins/{name}/unload", .admin, unloadPlugin),
        ]
    }

    /// The name in the path, whose slashes are written `%2F`.
    private func name(_ context: HTTPContext) -> String {
        let name = context.parameters.get("name") ?? ""
        return name.percentDecoded ?? name
    }
}

// MARK: - Models

extension AdminRoutes {
    private func listModels(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(["object": "list", "data": .array(registry.models.map { .object(json($0)) })])
    }

    /// A model that is not loaded tells no abilities itself; the host may know them all the same.
    private func json(_ status: DeploymentStatus) -> JSONObject {
        var json = status.json
        let purposes = models.purposes(of: status.name)
        json["abilities"] = .array(purposes.map { .string($0.rawValue) })
        return json
    }

    private func showModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        try answer(name(context))
    }

    private func answer(_ name: String) throws -> Response {
        guard let status = registry.deployment(name)?.status else {
            throw APIError.unknownModel(name, known: registry.models.map(\.name))
        }
        return Response(.object(json(status)))
    }

    private func addModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        let spec = try ModelSpec(fields)
        try await registry.add(spec)
        return try answer(spec.name)
    }

    private func removeModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await registry.remove(name)
        return Response(["name": .string(name), "deleted": true])
    }

    private func loadModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await registry.load(name)
        return try answer(name)
    }

    private func unloadModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await registry.unload(name)
        return try answer(name)
    }

    private func reloadModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        let text = request.uri.queryParameters["expecting"].map(String.init)
        let expecting = try text.map { text in
            guard let number = Int(text) else {
                throw APIError.invalid(param: "expecting", "is not the number of a generation")
            }
            return number
        }
        _ = try await registry.reload(name, expecting: expecting)
        return try answer(name)
    }
}

extension ModelSpec {
    /// `{"name", "source", "plugin", "load", "context", "parallel", "settings"}`, as in `[[models]]`.
    fileprivate init(_ fields: Fields) throws {
        let name = try fields.required("name")
        guard Settings.isName(name) else {
            throw APIError.invalid(param: "name", "is not a name; expected \(Settings.nameRule)")
        }
        let source = try fields.string("source") ?? ""
        guard source.isEmpty || Paths.exists(source) else {
            throw APIError.invalid(param: "source", "is no file or folder of this machine")
        }
        let load = try fields.string("load") ?? Load.start.rawValue
        guard let load = Load(rawValue: load) else {
            throw APIError.invalid(param: "load", "is neither \"start\" nor \"first-use\"")
        }
        self.init(
            name: name, plugin: try fields.string("plugin"), source: source, load: load,
            context: try fields.integer("context", in: 0...16_777_216) ?? 0,
            parallel: try fields.integer("parallel", in: 1...1024) ?? 8,
            configJSON: try fields.fields("settings").map {
                JSONValue.object($0.object).serialized()
            }
                ?? "")
    }
}

// MARK: - Plugins

extension AdminRoutes {
    private func listPlugins(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(["object": "list", "data": .array(registry.plugins.map { .object($0.json) })])
    }

    /// `{"name", "library", "isolation"}`, as in `[plugins.NAME]`.
    private func addPlugin(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        let name = try fields.required("name")
        guard Settings.isName(name) else {
            throw APIError.invalid(param: "name", "is not a name; expected \(Settings.nameRule)")
        }
        let isolation = try fields.string("isolation") ?? Isolation.worker.rawValue
        guard let isolation = Isolation(rawValue: isolation) else {
            throw APIError.invalid(param: "isolation", "is neither \"worker\" nor \"in-process\"")
        }
        let library = try fields.required("library")
        try registry.addPlugin(PluginSpec(name: name, library: library, isolation: isolation))
        let status = registry.plugins.first { $0.name == name }
        return Response(.object(status?.json ?? JSONObject()))
    }

    private func reloadPlugin(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let generations = try await registry.reloadPlugin(name(context))
        let members = generations.sorted { $0.key < $1.key }
        return Response([
            "models": .object(JSONObject(members.map { (key: $0.key, value: .integer($0.value)) }))
        ])
    }

    private func unloadPlugin(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await registry.unloadPlugin(name)
        return Response(["name": .string(name), "models": []])
    }
}
