import Hummingbird
import JSON
import PluginHost

/// Health, metadata and the repository of the Open Inference Protocol.
struct KServeModelRoutes {
    let models: Models

    var routes: [Route] {
        let health = ["/v2/health/live", "/v2/health/ready"].map { path in
            Route(.get, RouterPath(path), .open) { _, _ in
                guard path.hasSuffix("live") || models.notReady.isEmpty else {
                    return Response(status: .serviceUnavailable)
                }
                return Response(status: .ok)
            }
        }
        let ofModel = ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"].flatMap {
            [
                Route(.get, RouterPath($0), .inference, describe),
                Route(.get, RouterPath($0 + "/ready"), .inference, ready),
            ]
        }
        return health + ofModel + [
            Route(.get, "/v2", .inference, server),
            Route(.post, "/v2/repository/index", .inference, index),
            Route(.post, "/v2/repository/models/{name}/load", .admin, load),
            Route(.post, "/v2/repository/models/{name}/unload", .admin, unload),
        ]
    }

    private func server(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response([
            "name": "roost", "version": .string(Version.text),
            "extensions": ["binary_tensor_data", "model_repository"],
        ])
    }

    private func describe(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let status = try models.kserveModel(context)
        let kinds = InferKind.kinds(of: models.capabilities(of: status.name))
        return Response([
            "name": .string(status.name), "versions": ["1"], "platform": "roost",
            "inputs": .array(kinds.prefix(1).map { tensor($0.input, [-1]) }),
            "outputs": .array(kinds.flatMap { $0.outputs(of: status) }.map { tensor($0, $1) }),
        ])
    }

    private func tensor(_ spec: TensorSpec, _ shape: [Int]) -> JSONValue {
        [
            "name": .string(spec.name), "datatype": .string(spec.type.rawValue),
            "shape": .array(shape.map { .integer($0) }),
        ]
    }

    private func ready(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let status = try models.kserveModel(context)
        guard status.state == .ready || status.state == .reloading else {
            throw APIError.unavailable(
                "model '\(status.name)' is \(status.state.rawValue)", retryAfter: nil)
        }
        return Response(status: .ok)
    }

    // MARK: - The repository

    private func index(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let entries = models.registry.models.map { status -> JSONValue in
            let isUp = status.state == .ready || status.state == .reloading
            return [
                "name": .string(status.name), "version": "1",
                "state": isUp ? "READY" : "UNAVAILABLE",
                "reason": .string((status.lastError ?? "").withoutFolders),
            ]
        }
        return Response(.array(entries))
    }

    private func load(_ request: Request, _ context: HTTPContext) async throws -> Response {
        try await models.registry.load(try models.kserveModel(context).name)
        return Response(status: .ok)
    }

    private func unload(_ request: Request, _ context: HTTPContext) async throws -> Response {
        try await models.registry.unload(try models.kserveModel(context).name)
        return Response(status: .ok)
    }
}

extension Models {
    /// The model of a path, whose slashes are written `%2F`. Each has one version, 1.
    ///
    /// - Throws: `APIError.unknownModel`, `.unknown` for another version.
    func kserveModel(_ context: HTTPContext) throws -> DeploymentStatus {
        let name = context.parameters.get("name") ?? ""
        let status = try status(of: name.percentDecoded ?? name)
        if let version = context.parameters.get("version"), version != "1" {
            throw APIError.unknown(
                "model '\(status.name)' has no version '\(version.prefix(64))', only 1")
        }
        return status
    }
}
