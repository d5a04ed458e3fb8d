import Engine
import Hummingbird
import JSON

/// `POST /api/chat` and `POST /api/generate`.
struct OllamaTextRoutes {
    let backend: Backend

    var routes: [Route] {
        [
            Route(.post, "/api/chat", .inference, chat),
            Route(.post, "/api/generate", .inference, generate),
        ]
    }

    private func chat(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await backend.body.read(request, context, .ollamaText) {
            try OllamaChatRequest($0, backend.models)
        }
        guard let conversation = asked.conversation else {
            return try await load(asked.model, asked.keepAlive, .chat)
        }
        let reply = try await backend.reply(to: conversation, context)
        return try await answer(reply, .chat, asked.streams, context)
    }

    private func generate(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await backend.body.read(request, context, .ollamaText) {
            try OllamaGenerateRequest($0, backend.models)
        }
        switch asked.prompt {
        case .none: return try await load(asked.model, asked.keepAlive, .generate)
        case .conversation(let conversation):
            let reply = try await backend.reply(to: conversation, context)
            return try await answer(
                reply, .generate, asked.streams, context, keepsContext: true)
        case .raw(let text):
            let generation = asked.generation
            let reply = try await backend.reply(generation, for: .completion, context) { serving in
                var request = generation.request
                let tokens = try await serving.engine.tokenizer.tokenize(
                    text, addSpecial: true, parseSpecial: true)
                if serving.engine.readsSource {
                    request.source = tokens
                } else {
                    request.prompt = tokens
                }
                return [request]
            }
            return try await answer(reply, .generate, asked.streams, context)
        }
    }

    /// - Parameter keepsContext: whether the answer ends with its `context`, from which a later request
    ///   may go on: the tokens of the prompt and of the reply.
    private func answer(
        _ reply: Reply, _ shape: OllamaShape, _ streams: Bool, _ context: HTTPContext,
        keepsContext: Bool = false
    ) async throws -> Response {
        var lines = OllamaReply(shape, of: reply, since: context.record.started)
        guard streams else {
            let whole = try await reply.whole { _ in lines.sawOutput() }
            let kept = keepsContext ? try await reply.context(whole.choices[0].text) : JSONObject()
            return Response(lines.whole(whole, kept))
        }
        return OllamaDialect().stream(context) { [lines] events in
            var lines = lines
            var text = ""
            var usage = UsageSum()
            try await reply.forEach { event in
                if case .text(let piece, _, _) = event, keepsContext { text += piece }
                if case .usage(let sum) = event { usage = sum }
                for line in lines.lines(event) { try await events.send(.object(line)) }
            }
            let kept = keepsContext ? try await reply.context(text) : JSONObject()
            try await events.send(.object(lines.last(usage, kept)))
        }
    }

    /// Loads a model without a prompt, as Ollama's clients do in advance.
    private func load(
        _ model: String, _ keepAlive: OllamaKeepAlive, _ shape: OllamaShape
    ) async throws -> Response {
        if keepAlive.isZero {
            throw APIError.forbidden(
                "with 'keep_alive' 0 and no prompt this asks to unload '\(model)', which only an admin "
                    + "does: roost models unload \(model)")
        }
        let hold = try await backend.models.text(model, for: .completion)
        defer { hold.release() }
        var answer = JSONObject.ollamaHead(hold.name)
        for member in shape.members(text: "").members { answer[member.key] = member.value }
        answer["done"] = true
        answer["done_reason"] = "load"
        return Response(.object(answer))
    }
}

extension Reply {
    /// `context`
    fileprivate func context(_ text: String) async throws -> JSONObject {
        let written = try await hold.engine.engine.tokenizer.tokenize(
            text, addSpecial: false, parseSpecial: false)
        let tokens = (firstPrompt + written).map { JSONValue.integer(Int($0)) }
        return JSONObject([(key: "context", value: .array(tokens))])
    }
}
