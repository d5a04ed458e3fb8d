import Engine
import HTTPTypes
import Hummingbird
import JSON

/// `POST /v1/chat/completions` and `POST /v1/completions`.
struct CompletionRoutes {
    let backend: Backend

    var routes: [Route] {
        [
            Route(.post, "/v1/chat/completions", .inference, chat),
            Route(.post, "/v1/completions", .inference, complete),
        ]
    }

    private func chat(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let chat = try await backend.body.read(request, context, .text) { fields in
            try ChatRequest(fields) { backend.models.sampling(of: $0, for: .chat) }
        }
        let reply = try await backend.reply(to: chat.conversation, context)
        let head = await CompletionHead(of: reply, prefix: "chatcmpl-")
        let isScored = chat.conversation.generation.request.logprobs != nil
        if chat.stream.streams {
            let chunks = ChatChunks(
                head, reply.count, isScored: isScored, includesUsage: chat.stream.includesUsage)
            return OpenAIDialect().stream(reply, by: chunks, context)
        }
        let whole = try await reply.whole()
        return await answer(isLong: isScored) { whole.chat(head, isScored: isScored) }
    }

    private func complete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let completion = try await backend.body.read(request, context, .text) { fields in
            try CompletionRequest(fields) { backend.models.sampling(of: $0, for: .completion) }
        }
        let generation = completion.generation
        let reply = try await backend.reply(generation, for: .completion, context) { serving in
            try await completion.requests(serving.engine)
        }
        let head = await CompletionHead(of: reply, prefix: "cmpl-")
        let isScored = generation.request.logprobs != nil
        if completion.stream.streams {
            let chunks = CompletionChunks(
                head, reply.count, isScored: isScored,
                includesUsage: completion.stream.includesUsage)
            return OpenAIDialect().stream(reply, by: chunks, context)
        }
        let whole = try await reply.whole(best: generation.best)
        return await answer(isLong: isScored || generation.request.promptLogprobs != nil) {
            whole.completion(head, isScored: isScored)
        }
    }

    /// - Parameter isLong: twenty alternatives for each of many tokens are megabytes.
    private func answer(
        isLong: Bool, _ json: @escaping @Sendable () -> JSONValue
    ) async -> Response {
        isLong ? await Response.long(json) : Response(json())
    }
}
