import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import SearchCollections

// MARK: - Queries

extension CollectionRoutes {
    func query(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let name = name(context)
        let query = try await body.read(request, context, .empty) { try CollectionQuery($0) }
        let start = ContinuousClock.now
        let answer = try await workload.run(for: context.channel) {
            try await store.query(name, query)
        }
        context.record.note { $0.model = answer.model }
        let took = ContinuousClock.now - start
        return await Response.long { answer.json(took: took) }
    }
}

extension CollectionQuery {
    private static let longest = 100_000

    /// `{"query", "top_k", "filter", "min_score", "mode", "offset"}`
    fileprivate init(_ fields: Fields) throws {
        let text = try fields.required("query")
        guard text.utf8.count <= Self.longest else {
            throw APIError.invalid(
                param: "query", "has \(text.utf8.count) bytes, expected up to \(Self.longest)")
        }
        self.init(
            text, mode: try fields.choice("mode") ?? .vector,
            count: try fields.integer("top_k", in: 1...1000) ?? 10,
            offset: try fields.integer("offset", in: 0...Self.deepest - 1000) ?? 0,
            minimumScore: try fields.number("min_score", in: -1e9...1e9).map(Double.init),
            filter: try fields.value("filter").map(Filter.init))
    }
}

// MARK: - Rows

extension CollectionRoutes {
    func listDocuments(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let query = try QueryFields(request, known: ["limit", "after"])
        let page = try await store.documents(
            name(context), after: query.string("after"),
            limit: try query.integer("limit", in: 1...1000) ?? 100)
        return await Response.long {
            [
                "object": "list", "data": .array(page.documents.map(\.json)),
                "has_more": .bool(page.hasMore), "last_id": .optional(page.documents.last?.id),
            ]
        }
    }

    func showDocument(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let document = try await store.document(name(context), id: parameter("id", context))
        return Response(document.json)
    }

    func putDocument(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let row = try await body.fields(request).object
        let (document, isNew) = try await store.put(
            name(context), id: parameter("id", context), row)
        return Response(status: isNew ? .created : .ok, document.json)
    }

    func patchDocument(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let changes = try await body.fields(request).object
        let document = try await store.patch(
            name(context), id: parameter("id", context), changes)
        return Response(document.json)
    }

    func deleteDocument(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let id = parameter("id", context)
        try await store.deleteDocument(name(context), id: id)
        return Response(["object": "document.deleted", "id": .string(id), "deleted": true])
    }

    func export(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let query = try QueryFields(request, known: ["format"])
        let format: ExportFormat = try query.choice("format") ?? .csv
        let name = name(context)
        let pieces = try await store.export(name, format)
        context.record.note { $0.isStreaming = true }
        let type = format == .csv ? "text/csv; charset=utf-8" : "application/jsonl; charset=utf-8"
        let file = "\(name).\(format.rawValue)".percentEncoded
        return Response(
            status: .ok,
            headers: [
                .contentType: type, .contentDisposition: "attachment; filename*=UTF-8''\(file)",
            ],
            body: ResponseBody { writer in
                defer { context.record.end() }
                for try await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }
}
