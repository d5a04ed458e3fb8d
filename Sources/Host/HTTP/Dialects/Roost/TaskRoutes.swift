import Engine
import Hummingbird
import JSON
import PluginHost
import Services

/// `GET /v1/tasks` and `POST /v1/tasks/{model}/{task}`: whatever a plugin offers under `roost.task/1`.
struct TaskRoutes {
    let models: Models
    let body: Body
    let workload: Workload

    /// Inputs are checked there: one of several megabytes takes time.
    private static let checking = BlockingPool("roost-check", limit: 2)

    var routes: [Route] {
        [
            Route(.get, "/v1/tasks", .inference, list),
            Route(.post, "/v1/tasks/**", .inference, run),
        ]
    }

    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let tasks = models.registry.models.flatMap { model in
            models.tasks(of: model.name).map { $0.json(of: model.name) }
        }
        return Response(["object": "list", "data": .array(tasks)])
    }

    private func run(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let address = try TaskAddress(request.uri.path)
        let (input, streams) = try await body.read(request, context, .empty) { fields in
            guard let input = fields.value("input") else {
                throw APIError.missing(param: "input", expected: "what the task reads")
            }
            return (input, try fields.bool("stream") ?? false)
        }
        guard streams else { return try await whole(address, input, context) }
        let (hold, events) = try await begin(address, input, context)
        let task = hold.engine.task
        return RoostDialect().stream(context) { answer in
            defer { hold.release() }
            try await workload.run(for: context.channel, cancel: events.cancel) {
                for try await event in events {
                    try await answer.send(task.checked(event: event))
                }
            }
        }
    }

    private func whole(
        _ address: TaskAddress, _ input: JSONValue, _ context: HTTPContext
    ) async throws -> Response {
        let found = try await workload.run(for: context.channel) {
            let (hold, events) = try await begin(address, input, context)
            defer { hold.release() }
            return try await events.reduce(into: [JSONValue]()) { found, event in
                found.append(try hold.engine.task.checked(event: event))
            }
        }
        return await .long {
            [
                "object": "list", "data": .array(found), "model": .string(address.model),
                "task": .string(address.task),
            ]
        }
    }

    /// Everything up to the task's first step, so that a refusal has its own status.
    private func begin(
        _ address: TaskAddress, _ input: JSONValue, _ context: HTTPContext
    ) async throws -> (ModelHold<OwnTask>, JobEvents<JSONValue>) {
        try await Models.inNextRevision {
            let hold = try await models.task(address.task, of: address.model)
            context.record.note { $0.model = hold.name }
            let own = hold.engine
            let events = try await Self.checking.run {
                try own.task.check(input: input)
                return try own.engine.run(task: own.task.name, input: input)
            }
            return (hold, events)
        }
    }
}

/// The model and the task that a path names.
///
/// Names of models may hold slashes, written as they are or as `%2F`; those of tasks as `%2F`.
private struct TaskAddress {
    let model: String
    let task: String

    init(_ path: String) throws {
        let start = path.firstRange(of: "/tasks/")?.upperBound ?? path.endIndex
        let parts = path[start...].split(separator: "/", omittingEmptySubsequences: false)
        let model = parts.dropLast().joined(separator: "/")
        guard let task = parts.last, !task.isEmpty, !model.isEmpty else {
            throw APIError.unknown("a task has the address /v1/tasks/{model}/{task}")
        }
        self.model = model.percentDecoded ?? model
        self.task = String(task).percentDecoded ?? String(task)
    }
}

extension ModelTask {
    fileprivate func json(of model: String) -> JSONValue {
        [
            "object": "task", "model": .string(model), "task": .string(name),
            "input_schema": description.inputSchema, "event_schema": description.eventSchema,
        ]
    }

    /// - Throws: `APIError` that names the member at fault.
    fileprivate func check(input: JSONValue) throws {
        do {
            try check(input)
        } catch {
            let found = error.inside("input")
            switch found.problem {
            case .missing(let expected):
                throw APIError.missing(param: found.path, expected: expected)
            case .wrong(let reason): throw APIError.invalid(param: found.path, reason)
            }
        }
    }
}
