import FoundationEssentials
import Hummingbird
import JSON
import PluginHost

/// `/v1/conversations`: what the page keeps with the host, for each API key its own.
struct ConversationRoutes {
    let store: ConversationStore
    let body: Body

    var routes: [Route] {
        let one: RouterPath = "/v1/conversations/{id}"
        return [
            Route(.get, "/v1/conversations", .inference, list),
            Route(.get, one, .inference, show),
            Route(.put, one, .inference, save),
            Route(.patch, one, .inference, change),
            Route(.delete, one, .inference, delete),
            Route(.post, "/v1/conversations/{id}/messages", .inference, append),
            Route(
                .delete, "/v1/conversations/{id}/messages/{message}", .inference, deleteMessage),
        ]
    }

    private func list(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let summaries = try await store.list(of: context.owner)
        return await Response.long {
            ["object": "list", "data": .array(summaries.map { .object($0.json) })]
        }
    }

    private func show(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let id = try id(context)
        guard let conversation = try await store.find(id, of: context.owner) else {
            throw missing(id)
        }
        var response = await Response.long { .object(conversation.json) }
        response.headers[.eTag] = Self.tag(conversation.version)
        return response
    }

    /// Replaces all of it; with `If-Match`, only the version that its `ETag` named.
    private func save(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let (id, now) = (try id(context), WallClock.now.seconds)
        let conversation = try await body.fields(request) {
            try StoredConversation(id: id, $0, now)
        }
        let expected = try Self.expected(request)
        return try await written(conversation.summary.json, id) {
            try await store.save(conversation, of: context.owner, replacing: expected)
        }
    }

    private func change(_ request: Request, _ context: HTTPContext) async throws -> Response {
        try await change(request, context) { try StoredConversation.Change(heading: $0, $1) }
    }

    /// Adds messages behind any others; a conversation that is not there begins with them.
    private func append(_ request: Request, _ context: HTTPContext) async throws -> Response {
        try await change(request, context) { fields, now in
            var change = try StoredConversation.Change(heading: fields, now)
            change.messages = try StoredMessage.all(fields, now)
            guard !change.messages.isEmpty else {
                throw APIError.invalid(param: "messages", "is empty, expected at least one")
            }
            return change
        }
    }

    private func change(
        _ request: Request, _ context: HTTPContext,
        _ read: @escaping @Sendable (Fields, Int) throws -> StoredConversation.Change
    ) async throws -> Response {
        let (id, now) = (try id(context), WallClock.now.seconds)
        let change = try await body.fields(request) { try read($0, now) }
        let expected = try Self.expected(request)
        return try await written(JSONObject([(key: "id", value: .string(id))]), id) {
            try await store.change(id, of: context.owner, at: expected, change)
        }
    }

    private func delete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let id = try id(context)
        guard try await store.delete(id, of: context.owner) else { throw missing(id) }
        return Response(["id": .string(id), "deleted": true])
    }

    private func deleteMessage(
        _ request: Request, _ context: HTTPContext
    ) async throws -> Response {
        let id = try id(context)
        let message = context.parameters.get("message") ?? ""
        let json = JSONObject([(key: "id", value: .string(message)), (key: "deleted", value: true)])
        return try await written(json, id) {
            let version = try await store.delete(message: message, in: id, of: context.owner)
            guard let version else {
                throw APIError.unknown("there is no message '\(message)' in this conversation")
            }
            return version
        }
    }

    /// Writes, and answers with the version that came of it.
    private func written(
        _ json: JSONObject, _ id: String, _ write: () async throws -> Int
    ) async throws -> Response {
        do {
            let version = try await write()
            var json = json
            json["version"] = .integer(version)
            var response = Response(.object(json))
            response.headers[.eTag] = Self.tag(version)
            return response
        } catch let refusal as ConversationStore.Refusal {
            throw error(refusal, id)
        }
    }

    private func error(_ refusal: ConversationStore.Refusal, _ id: String) -> APIError {
        switch refusal {
        case .full:
            .conflict("\(ConversationStore.limit) conversations are kept already; delete some")
        case .missing: missing(id)
        case .changed(let version):
            .conflict(
                "the conversation has changed: its version is \(version), not the one that "
                    + "If-Match names; read it again, or add messages, which never conflicts")
        case .tooLarge: .bodyTooLarge(limit: ConversationStore.largest)
        case .noParent(let parent):
            .invalid(param: "parent", "is '\(parent)', which is no message of the conversation")
        }
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

    private static func tag(_ version: Int) -> String { "\"\(version)\"" }

    /// The version that `If-Match` names.
    private static func expected(_ request: Request) throws -> Int? {
        guard let tag = request.headers[.ifMatch], tag != "*" else { return nil }
        guard let version = Int(tag.filter { $0 != "\"" }), Self.tag(version) == tag else {
            throw APIError.invalid(
                param: "If-Match", "is '\(tag.prefix(64))', expected one ETag of the conversation")
        }
        return version
    }
}

// MARK: - Reading

extension StoredConversation {
    private static let longestTitle = 500

    fileprivate init(id: String, _ fields: Fields, _ now: Int) throws {
        self.init(
            id: id, title: try Self.title(fields) ?? "", model: try fields.string("model") ?? "",
            instructions: try fields.string("instructions") ?? "",
            settings: try fields.text(of: "settings") ?? "",
            messages: try StoredMessage.all(fields, now), updated: now)
    }

    fileprivate static func title(_ fields: Fields) throws -> String? {
        let title = try fields.string("title")
        if let title, title.count > longestTitle {
            throw APIError.invalid(
                param: "title", "has \(title.count) characters, expected up to \(longestTitle)")
        }
        return title
    }
}

extension StoredConversation.Change {
    fileprivate init(heading fields: Fields, _ now: Int) throws {
        self.init(time: now)
        title = try StoredConversation.title(fields)
        model = try fields.string("model")
        instructions = try fields.string("instructions")
        settings = try fields.text(of: "settings")
    }
}

extension StoredMessage {
    /// `messages`. Those without ids follow one another.
    fileprivate static func all(_ fields: Fields, _ now: Int) throws -> [StoredMessage] {
        guard let elements = try fields.array("messages") else {
            throw APIError.missing(param: "messages", expected: "an array")
        }
        var messages: [StoredMessage] = []
        for (index, element) in elements.enumerated() {
            let path = "messages[\(index)]"
            guard let object = element.object else {
                throw APIError.invalid(param: path, "is \(element.shown), expected an object")
            }
            messages.append(
                try StoredMessage(
                    Fields(object, path: path), index: index, after: messages.last?.id, now))
        }
        return messages
    }

    private init(_ fields: Fields, index: Int, after last: String?, _ now: Int) throws {
        let given = try fields.string("id")
        if let given, given.wholeMatch(of: #/[\w-]{1,64}/#.asciiOnlyWordCharacters()) == nil {
            throw APIError.invalid(
                param: fields.full("id"),
                "is \(JSONValue.string(given).shown), expected 1 to 64 of A-Z, a-z, 0-9, _ and -")
        }
        self.init(
            id: given ?? "m\(index)",
            parent: given == nil ? last : try fields.string("parent"),
            role: try fields.required("role"), content: try fields.required("content"),
            metadata: try fields.text(of: "metadata") ?? "", created: now)
    }
}

extension Fields {
    /// An object of the client's, as it is kept.
    fileprivate func text(of key: String) throws -> String? {
        guard let object = try fields(key)?.object else { return nil }
        let (text, most) = (JSONValue.object(object).serialized(), 16 << 10)
        guard text.utf8.count <= most else {
            throw APIError.invalid(
                param: full(key), "has \(text.utf8.count) bytes, expected up to \(most)")
        }
        return text
    }
}

// MARK: - Writing

extension StoredConversation {
    fileprivate var summary: Summary {
        Summary(id: id, title: title, model: model, updated: updated)
    }

    fileprivate var json: JSONObject {
        var json = summary.json
        json["instructions"] = .string(instructions)
        json["settings"] = JSONValue(kept: settings)
        json["version"] = .integer(version)
        json["messages"] = .array(messages.map { .object($0.json) })
        return json
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

extension StoredMessage {
    fileprivate var json: JSONObject {
        JSONObject([
            (key: "id", value: .string(id)), (key: "parent", value: .optional(parent)),
            (key: "role", value: .string(role)), (key: "content", value: .string(content)),
            (key: "metadata", value: JSONValue(kept: metadata)),
            (key: "created", value: .integer(created)),
        ])
    }
}

extension JSONValue {
    /// An object of the client's; null for none.
    fileprivate init(kept text: String) {
        self = (try? JSONValue(parsing: text)) ?? .null
    }
}
