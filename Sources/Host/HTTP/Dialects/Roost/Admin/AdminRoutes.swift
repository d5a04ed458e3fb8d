import Engine
import Hummingbird
import JSON
import PluginHost

/// `/admin/models` and `/admin/plugins`: what is loaded, and changing it while the host serves.
struct AdminRoutes {
    let models: Models
    let body: Body
    let libraries: AdminLibraries

    private var registry: DeploymentRegistry<ModelServing> { models.registry }

    var routes: [Route] {
        [
            Route(.get, "/admin/models", .admin, listModels),
            Route(.post, "/admin/models", .admin, addModel),
            Route(.post, "/admin/models/rescan", .admin, rescanModels),
            Route(.get, "/admin/models/{name}", .admin, showModel),
            Route(.delete, "/admin/models/{name}", .admin, removeModel),
            Route(.post, "/admin/models/{name}/adapters", .admin, addAdapter),
            Route(.delete, "/admin/models/{name}/adapters/{adapter}", .admin, removeAdapter),
            Route(.post, "/admin/models/{name}/load", .admin, loadModel),
            Route(.post, "/admin/models/{name}/unload", .admin, unloadModel),
            Route(.post, "/admin/models/{name}/reload", .admin, reloadModel),
            Route(.get, "/admin/plugins", .admin, listPlugins),
            Route(.post, "/admin/plugins", .admin, addPlugin),
            Route(.delete, "/admin/plugins/{name}", .admin, removePlugin),
            Route(.post, "/admin/plugins/{name}/reload", .admin, reloadPlugin),
            Route(.post, "/admin/plugins/{name}/unload", .admin, unloadPlugin),
        ]
    }

    /// Runs an operation that starts a revision.
    private func bringingUp<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DeploymentError {
            throw APIError(toAdmin: error)
        }
    }

    /// The name in the path, whose slashes are written `%2F`.
    private func name(_ context: HTTPContext, _ parameter: String = "name") -> String {
        let name = context.parameters.get(parameter) ?? ""
        return name.percentDecoded ?? name
    }
}

// MARK: - Models

extension AdminRoutes {
    private func listModels(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(["object": "list", "data": .array(registry.models.map { .object(json($0)) })])
    }

    /// A model that is not loaded reports no abilities; the host may know them anyway.
    private func json(_ status: DeploymentStatus) -> JSONObject {
        var json = status.json
        let capabilities = models.capabilities(of: status.name)
        json["abilities"] = .array(capabilities.map { .string($0.rawValue) })
        json["adapters"] = .array(models.adapters(of: status.name).map { .object($0.json) })
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

    /// The keys of `[[models]]`, read as in the settings file.
    private func addModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        let model = try readModel(fields.object)
        try await bringingUp { try await models.add(model) }
        return try answer(model.name)
    }

    private func readModel(_ object: JSONObject) throws -> Settings.Model {
        let model: Settings.Model
        do {
            model = try SettingsFile.model(object, folder: libraries.folder)
        } catch let error as SettingsError {
            throw APIError(error)
        }
        if let source = model.source { try libraries.check(source: source) }
        for capability in model.defaultFor {
            if let other = models.defaultName(for: capability) {
                throw APIError.invalid(
                    param: "default_for", "\(capability.rawValue) already has the default \(other)")
            }
        }
        return model
    }

    private static let adapterKeys = ["name", "source"]

    /// `{"name", "source"}`
    private func addAdapter(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let fields = try await body.fields(request)
        if let key = fields.object.keys.first(where: { !Self.adapterKeys.contains($0) }) {
            throw APIError.invalid(
                param: key, "is unknown, expected \(Self.adapterKeys.joined(separator: ", "))")
        }
        let adapter = Settings.Adapter(
            name: try fields.required("name"),
            source: libraries.absolute(try fields.required("source")))
        try libraries.check(source: adapter.source)
        try await models.addAdapter(adapter, to: name(context))
        return try answer(name(context))
    }

    private func removeAdapter(
        _ request: Request, _ context: HTTPContext
    ) async throws -> Response {
        let (model, adapter) = (name(context), name(context, "adapter"))
        try await models.removeAdapter(adapter, of: model, within: Self.adapterPatience)
        return Response(["name": .string(adapter), "model": .string(model), "deleted": true])
    }

    /// How long the requests that use an adapter are waited for.
    private static let adapterPatience = Duration.seconds(30)

    private func rescanModels(
        _ request: Request, _ context: HTTPContext
    ) async throws -> Response {
        let rescan = try await models.rescan()
        return Response([
            "added": .array(rescan.added.map { .string($0) }),
            "removed": .array(rescan.removed.map { .string($0) }),
        ])
    }

    private func removeModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await models.remove(name)
        return Response(["name": .string(name), "deleted": true])
    }

    private func loadModel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await bringingUp { try await registry.load(name) }
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
        _ = try await bringingUp { try await registry.reload(name, expecting: expecting) }
        return try answer(name)
    }
}

extension APIError {
    /// The first mistake determines the parameter; the others are reported too.
    fileprivate init(_ error: SettingsError) {
        let first = error.problems[0]
        let others = error.problems.dropFirst().map { "; '\($0.key)' \($0.message)" }.joined()
        self = .invalid(param: first.key, "is wrong: \(first.message)\(others)")
    }
}

// MARK: - Plugins

extension AdminRoutes {
    private func listPlugins(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(["object": "list", "data": .array(registry.plugins.map { .object($0.json) })])
    }

    private static let pluginKeys = ["name", "library", "isolation"]

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
        if let key = fields.object.keys.first(where: { !Self.pluginKeys.contains($0) }) {
            throw APIError.invalid(
                param: key, "is unknown, expected \(Self.pluginKeys.joined(separator: ", "))")
        }
        let library = try await libraries.checked(
            library: fields.required("library"), for: isolation)
        try registry.addPlugin(PluginSpec(name: name, library: library, isolation: isolation))
        let status = registry.plugins.first { $0.name == name }
        return Response(.object(status?.json ?? JSONObject()))
    }

    private func removePlugin(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try registry.removePlugin(name)
        return Response(["name": .string(name), "deleted": true])
    }

    private func reloadPlugin(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        let generations = try await bringingUp { try await registry.reloadPlugin(name) }
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
