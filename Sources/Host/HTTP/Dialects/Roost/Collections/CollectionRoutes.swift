import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import SearchCollections

/// `/v1/collections`: rows that are searched by meaning and by words.
struct CollectionRoutes {
    let store: CollectionStore
    let body: Body
    let workload: Workload

    var routes: [Route] {
        let collection: RouterPath = "/v1/collections/{name}"
        let documents: RouterPath = "/v1/collections/{name}/documents"
        let document: RouterPath = "/v1/collections/{name}/documents/{id}"
        return [
            Route(.get, "/v1/collections", .inference, list),
            Route(.get, collection, .inference, show),
            Route(.put, collection, .inference, put),
            Route(.delete, collection, .inference, delete),
            Route(.get, "/v1/collections/{name}/events", .inference, events),
            Route(.post, "/v1/collections/{name}/query", .inference, query),
            Route(.get, "/v1/collections/{name}/export", .inference, export),
            Route(.get, documents, .inference, listDocuments),
            Route(.post, documents, .inference, addDocuments),
            Route(.get, document, .inference, showDocument),
            Route(.put, document, .inference, putDocument),
            Route(.patch, document, .inference, patchDocument),
            Route(.delete, document, .inference, deleteDocument),
        ]
    }

    func name(_ context: HTTPContext) -> String { parameter("name", context) }

    func parameter(_ name: String, _ context: HTTPContext) -> String {
        let text = context.parameters.get(name) ?? ""
        return text.percentDecoded ?? text
    }

    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let collections = try await store.list()
        return Response(["object": "list", "data": .array(collections.map(\.json))])
    }

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        Response(try await store.describe(name(context)).json)
    }

    private func delete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try await store.delete(name)
        return Response([
            "object": "collection.deleted", "name": .string(name), "deleted": true,
        ])
    }
}

// MARK: - Documents that come in

extension CollectionRoutes {
    private func put(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        try CollectionName.check(name)
        let document = try ImportRequest(request, limit: store.options.largestImport)
        let isNew = try await !store.has(name)
        return try await run(document, name, isNew ? .created : .ok, context) {
            try await store.beginImport(name, $0)
        }
    }

    func addDocuments(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        _ = try await store.describe(name)
        let document = try ImportRequest(request, limit: store.options.largestImport)
        return try await run(document, name, .ok, context) {
            try await store.beginAdding(name, $0)
        }
    }

    private func run(
        _ document: ImportRequest, _ name: String, _ status: HTTPResponse.Status,
        _ context: HTTPContext,
        _ begin: @escaping @Sendable (ImportOptions) async throws -> CollectionImport
    ) async throws -> Response {
        guard !document.streams else {
            return RoostDialect().stream(context) { events in
                try await send(document, name, begin, context, to: &events)
            }
        }
        let description = try await workload.run(for: context.channel) {
            let description = try await document.run(begin)
            return document.waits ? try await end(of: name) : description
        }
        return Response(status: status, description.json)
    }

    /// The collection once no row waits for its vector, or once it is known to fail.
    private func end(of name: String) async throws -> CollectionDescription {
        for await step in try await store.progress(name) where step.isLast { break }
        return try await store.describe(name)
    }
}

// MARK: - Events

extension CollectionRoutes {
    /// How often a reader is told about new rows.
    private static let interval = Duration.milliseconds(200)

    private func events(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        _ = try await store.describe(name)
        return RoostDialect().stream(context) { events in
            try await follow(name, context, to: &events)
        }
    }

    private func send(
        _ document: ImportRequest, _ name: String,
        _ begin: @escaping @Sendable (ImportOptions) async throws -> CollectionImport,
        _ context: HTTPContext, to events: inout EventStream
    ) async throws {
        let (steps, continuation) = AsyncStream<CollectionProgress>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let reading = Task {
            defer { continuation.finish() }
            return try await workload.run(for: context.channel) {
                try await document.run(begin) { continuation.yield($0) }
            }
        }
        var last = ContinuousClock.now - Self.interval
        for await step in steps where .now - last >= Self.interval {
            try await events.send(step.json)
            last = .now
        }
        _ = try await reading.value
        try await follow(name, context, to: &events)
    }

    /// Sends the steps until the collection is ready or fails, and then the collection.
    private func follow(
        _ name: String, _ context: HTTPContext, to events: inout EventStream
    ) async throws {
        let steps = try await store.progress(name)
        let (ended, continuation) = AsyncStream<CollectionProgress>.makeStream(
            bufferingPolicy: .bufferingNewest(8))
        try await workload.run(for: context.channel, cancel: { continuation.finish() }) {
            let pump = Task {
                for await step in steps { continuation.yield(step) }
                continuation.finish()
            }
            defer { pump.cancel() }
            for await step in ended {
                try await events.send(step.json)
                if step.isLast { return }
            }
        }
        let description = try await store.describe(name)
        try await events.send(description.json)
    }
}

extension CollectionProgress {
    /// Whether nothing more will happen without a request.
    fileprivate var isLast: Bool { stage == .ready || stage == .failed }
}
