import Engine
import Hummingbird
import JSON

/// `/v1/responses`: making a response, and what is done with those that are kept.
struct ResponseRoutes {
    let backend: Backend
    private let store: ResponseStore
    private let background = BackgroundResponses()

    /// The most bytes of input that are kept with a response.
    private static let largest = 8 << 20

    init(backend: Backend) {
        self.backend = backend
        store = ResponseStore(backend.store.database)
    }

    var routes: [Route] {
        [
            Route(.post, "/v1/responses", .inference, create),
            Route(.post, "/v1/responses/input_tokens", .inference, countTokens),
            Route(.get, "/v1/responses/{id}", .inference, show),
            Route(.delete, "/v1/responses/{id}", .inference, delete),
            Route(.post, "/v1/responses/{id}/cancel", .inference, cancel),
            Route(.get, "/v1/responses/{id}/input_items", .inference, listInput),
        ]
    }

    // MARK: - Making one

    private func create(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await read(request, context)
        let input = JSONValue.array(asked.items.map(\.keptItem)).serialized()
        guard !asked.isStored || input.utf8.count <= Self.largest else {
            throw APIError.invalid(
                param: "input",
                "has \(input.utf8.count) bytes, expected up to \(Self.largest) of what is kept; "
                    + "send it with 'store' false")
        }
        let conversation = try await conversation(asked, context)
        let reply = try await backend.reply(to: conversation, context)
        let writer = ResponseWriter(asked, model: reply.model)
        let work = Work(
            reply: reply, store: store, owner: context.owner, input: input,
            previous: asked.previous, isStored: asked.isStored)
        if asked.isBackground { return try await begin(work, writer) }
        if asked.streams { return stream(work, writer, context) }
        var whole = writer
        let response = try await work.run(&whole) { _ in }
        return Response(.object(response))
    }

    private func stream(
        _ work: Work, _ writer: ResponseWriter, _ context: HTTPContext
    ) -> Response {
        ResponsesDialect().stream(context) { events in
            var writer = writer
            func send(_ all: [JSONValue]) async throws {
                for event in all { try await events.send(event, named: event["type"]?.string) }
            }
            try await send(writer.opening())
            do {
                _ = try await work.run(&writer) { try await send($0) }
                try await send([writer.closing(writer.ending)])
            } catch let end as EarlyEnd where end == .clientGone {
                throw end
            } catch {
                let error = APIError(error)
                context.record.note { $0.note(error) }
                _ = try? await work.save(writer, .failed, error)
                try await send([writer.closing(.failed, error: error)])
            }
        }
    }

    /// Answers at once; the response is there under its id later.
    private func begin(_ work: Work, _ writer: ResponseWriter) async throws -> Response {
        var work = work
        work.reply.outlivesClient = true
        _ = try await work.save(writer, .inProgress)
        backend.workload.begin()
        background.start(writer.id, cancel: work.reply.cancel) {
            [work, workload = backend.workload] in
            var writer = writer
            do {
                _ = try await work.run(&writer) { _ in }
            } catch is CancellationError {
                _ = try? await work.save(writer, .cancelled)
            } catch {
                _ = try? await work.save(writer, .failed, APIError(error))
            }
            workload.end()
        }
        return Response(.object(writer.response(.queued)))
    }

    private func countTokens(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await read(request, context)
        let tokens = try await backend.promptTokens(of: conversation(asked, context), context)
        return Response([
            "object": "response.input_tokens", "input_tokens": .integer(tokens.count),
        ])
    }

    private func read(_ request: Request, _ context: HTTPContext) async throws -> ResponseRequest {
        try await backend.body.read(request, context, .responses) { fields in
            try ResponseRequest(fields) { backend.models.sampling(of: $0, for: .chat) }
        }
    }

    /// What is asked, behind the responses that it goes on from.
    private func conversation(
        _ asked: ResponseRequest, _ context: HTTPContext
    ) async throws -> Conversation {
        guard let previous = asked.previous else { return try asked.conversation([]) }
        guard let chain = try await store.chain(endingAt: previous, of: context.owner) else {
            throw APIError.invalid(
                param: "previous_response_id",
                "names no response that is kept, or goes on from one that is not any more")
        }
        let status = (try? JSONValue(parsing: chain.last?.body ?? ""))?["status"]?.string
        guard ["completed", "incomplete"].contains(status) else {
            throw APIError.invalid(
                param: "previous_response_id",
                "names a response whose status is \(status ?? "unknown"), expected completed")
        }
        return try asked.conversation(chain)
    }

    // MARK: - Those that are kept

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        if request.uri.queryParameters["stream"] == "true" {
            throw APIError.unsupported(
                param: "stream", "is not supported for a response that is kept; leave it out")
        }
        return Response(try body(of: await find(context)))
    }

    private func find(_ context: HTTPContext) async throws -> StoredResponse {
        let id = context.parameters.get("id") ?? ""
        guard let found = try await store.find(id, of: context.owner) else { throw missing(id) }
        return found
    }

    private func missing(_ id: String) -> APIError {
        .unknown("there is no response '\(id.prefix(128))'")
    }

    /// A response that nothing generates any more although it has no end is one of a host that ended.
    private func body(of response: StoredResponse) throws -> JSONValue {
        var body = try JSONValue(parsing: response.body)
        guard body["status"]?.string == ResponseWriter.Status.inProgress.rawValue,
            !background.isRunning(response.id), var object = body.object
        else { return body }
        object["status"] = .string(ResponseWriter.Status.failed.rawValue)
        object["error"] =
            APIError.broken("the host ended while the response was generated")
            .ofResponse
        body = .object(object)
        return body
    }

    private func cancel(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let found = try await find(context)
        guard await background.cancel(found.id) else {
            let body = try body(of: found)
            if body["background"]?.bool == true { return Response(body) }
            throw APIError.refused(
                "only a response with 'background' can be cancelled; close the connection of any other"
            )
        }
        return Response(try body(of: await find(context)))
    }

    private func delete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let found = try await find(context)
        _ = await background.cancel(found.id)
        guard try await store.delete(found.id, of: context.owner) else { throw missing(found.id) }
        return Response([
            "id": .string(found.id), "object": "response", "deleted": true,
        ])
    }

    private func listInput(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let query = try QueryFields(
            request, known: ["limit", "order", "after", "include", "include[]"])
        let limit = try query.integer("limit", in: 1...100) ?? 20
        var items = try JSONValue(parsing: await find(context).input).array ?? []
        // As they were sent only if asked for.
        if query.string("order") != "asc" { items.reverse() }
        if let after = query.string("after") {
            guard let index = items.firstIndex(where: { $0["id"]?.string == after }) else {
                throw APIError.invalid(param: "after", "is the id of no item")
            }
            items.removeFirst(index + 1)
        }
        let page = items.prefix(limit)
        return Response([
            "object": "list", "data": .array(Array(page)),
            "first_id": page.first?["id"] ?? .null, "last_id": page.last?["id"] ?? .null,
            "has_more": .bool(items.count > limit),
        ])
    }
}

/// One response from its reply to where it is kept.
private struct Work: Sendable {
    var reply: Reply
    let store: ResponseStore
    let owner: Owner
    let input: String
    let previous: String?
    let isStored: Bool

    /// Writes the whole reply, and keeps the response before it is told that it is complete.
    func run(
        _ writer: inout ResponseWriter, _ send: ([JSONValue]) async throws -> Void
    ) async throws -> JSONObject {
        try await reply.forEach { try await send(writer.write($0)) }
        return try await save(writer, writer.ending)
    }

    func save(
        _ writer: ResponseWriter, _ status: ResponseWriter.Status, _ error: APIError? = nil
    ) async throws -> JSONObject {
        let response = writer.response(status, error: error)
        guard isStored else { return response }
        try await store.save(
            StoredResponse(
                id: writer.id, previous: previous, created: writer.created, input: input,
                body: JSONValue.object(response).serialized()),
            of: owner)
        return response
    }
}
