import Hummingbird
import JSON

/// `POST /v1/messages` and `POST /v1/messages/count_tokens`.
struct MessageRoutes {
    let backend: Backend

    var routes: [Route] {
        [
            Route(.post, "/v1/messages", .inference, create),
            Route(.post, "/v1/messages/count_tokens", .inference, count),
        ]
    }

    private func create(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await read(request, context)
        let reply = try await backend.reply(to: asked.conversation, context)
        let head = MessageHead(of: reply)
        if asked.streams {
            let events = MessageEvents(head, showsThinking: asked.showsThinking)
            return AnthropicDialect().stream(reply, by: events, context)
        }
        let whole = try await reply.whole()
        return Response(whole.message(head, showsThinking: asked.showsThinking))
    }

    private func count(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await read(request, context)
        let tokens = try await backend.promptTokens(of: asked.conversation, context)
        return Response(["input_tokens": .integer(tokens.count)])
    }

    private func read(_ request: Request, _ context: HTTPContext) async throws -> MessagesRequest {
        try await backend.body.read(request, context, .messages) { fields in
            try MessagesRequest(fields) { backend.models.sampling(of: $0, for: .chat) }
        }
    }
}
