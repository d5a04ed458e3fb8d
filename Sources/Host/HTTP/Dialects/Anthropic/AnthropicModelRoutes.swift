import Engine
import Hummingbird
import JSON
import PluginHost

/// `GET /v1/models` and `GET /v1/models/{id}` in Anthropic's shape.
struct AnthropicModelRoutes {
    let models: Models
    /// When the host started: every model's `created_at`.
    private let started = WallClock.now

    init(models: Models) {
        self.models = models
    }

    var routes: [Route] {
        [
            Route(.get, "/v1/models", .inference, list),
            Route(.get, "/v1/models/**", .inference, show),
        ]
    }

    /// A page of at most `limit` models behind `after_id` or before `before_id`.
    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let query = try QueryFields(
            request,
            known: ["limit", "after_id", "before_id", "lifecycle", "lifecycle[]", "workspace_id"])
        let limit = try query.integer("limit", in: 1...1000) ?? 20
        let all = models.registry.models
        var (page, hasMore) = (all[...], false)
        if let id = query.string("before_id") {
            page = all[..<(try index(of: id, "before_id", all))]
            hasMore = page.count > limit
            page = page.suffix(limit)
        } else {
            let first = try query.string("after_id").map { try index(of: $0, "after_id", all) + 1 }
            page = all[(first ?? 0)...]
            hasMore = page.count > limit
            page = page.prefix(limit)
        }
        return Response([
            "data": .array(page.map(json)), "has_more": .bool(hasMore),
            "first_id": .optional(page.first?.name), "last_id": .optional(page.last?.name),
        ])
    }

    private func index(
        of id: String, _ param: String, _ all: [DeploymentStatus]
    ) throws -> Int {
        guard let index = all.firstIndex(where: { $0.name == id }) else {
            throw APIError.invalid(param: param, "is the id of no model")
        }
        return index
    }

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(json(try models.status(in: request.uri.path)))
    }

    private func json(_ status: DeploymentStatus) -> JSONValue {
        let context = models.serving(status.name)?.text?.engine.contextLength
        return [
            "type": "model", "id": .string(status.name), "display_name": .string(status.name),
            "created_at": .string(started.isoText), "lifecycle": "active",
            "max_input_tokens": .optional(context), "max_tokens": .optional(context),
        ]
    }
}
