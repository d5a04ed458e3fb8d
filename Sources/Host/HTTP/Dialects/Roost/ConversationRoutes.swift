import FoundationEssentials
import Hummingbird
import JSON
import PluginHost

/// `/v1/conversations`: what the page keeps with the host.
struct ConversationRoutes {
    let store: ConversationStore
    let body: Body

    var routes: [Route] {
        [
            Route(.get, "/v1/conversations", .inference, list),
            Route(.get, "/v1/conversations/{id}", .inference, show),
            Route(.put, "/v1/conversations/{id}", .inference, save),
            Route(.delete, "/v1/conversations/{id}", .inference, delete),
        ]
    }

    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let summaries = try await store.list()
        return await Response.long {
            ["object": "list", "data": .array(summaries.map { .object($0.json) })]
        }
    }

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let id = try id(context)
        guard let conversation = try await store.find(id) else { throw missing(id) }
        let summary = conversation.summary.json
        return Response(
            json: try await BlockingThread.run("roost-write") {
                var object = summary
                object["messages"] = try JSONValue(parsing: conversation.messages)
                return JSONValue.object(object).serialized()
            })
    }

    private func save(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let id = try id(context)
        let conversation = try await body.fields(request) { try StoredConversation(id: id, $0) }
        guard try await store.save(conversation) else {
            throw APIError.conflict(
                "\(ConversationStore.limit) conversations are kept already; delete some")
        }
        return Response(.object(conversation.summary.json))
    }

    private func delete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let id = try id(context)
        guard try await store.delete(id) else { throw missing(id) }
        return Response(["id": .string(id), "deleted": true])
    }

    private func missing(_ id: String) -> APIError {
        .unknown("there is no conversation '\(id)'")
    }

    private func id(_ context: HTTPContext) throws -> String {
        guard let id = context.parameters.get("id").flatMap({ UUID(uuidString: $0) }) else {
            throw APIError.invalid(param: "id", "is not a UUID")
        }
        return id.uuidString.lowercased()
    }
}

extension StoredConversation {
    /// The most bytes of messages in one conversation.
    private static let largest = 4 << 20
    private static let longestTitle = 500

    fileprivate init(id: String, _ fields: Fields) throws {
        let messages = try Self.messages(fields)
        guard messages.utf8.count <= Self.largest else {
            throw APIError.bodyTooLarge(limit: Self.largest)
        }
        self.init(
            id: id, title: try Self.title(fields), model: try fields.string("model") ?? "",
            messages: messages, updated: WallClock.now.seconds)
    }

    private static func title(_ fields: Fields) throws -> String {
        let title = try fields.string("title") ?? ""
        guard title.count <= longestTitle else {
            throw APIError.invalid(
                param: "title", "has \(title.count) characters, expected up to \(longestTitle)")
        }
        return title
    }

    /// Only roles and texts are kept.
    private static func messages(_ fields: Fields) throws -> String {
        guard let elements = try fields.array("messages") else {
            throw APIError.missing(param: "messages", expected: "an array")
        }
        let kept = try elements.enumerated().map { index, element -> JSONValue in
            let path = "messages[\(index)]"
            guard let object = element.object else {
                throw APIError.invalid(param: path, "is \(element.shown), expected an object")
            }
            let message = Fields(object, path: path)
            return [
                "role": .string(try message.required("role")),
                "content": .string(try message.required("content")),
            ]
        }
        return JSONValue.array(kept).serialized()
    }

    fileprivate var summary: Summary {
        Summary(id: id, title: title, model: model, updated: updated)
    }
}

extension StoredConversation.Summary {
    fileprivate var json: JSONObject {
        JSONObject([
            (key: "id", value: .string(id)), (key: "title", value: .string(title)),
            (key: "model", value: .string(model)), (key: "updated", value: .integer(updated)),
        ])
    }
}
