import Engine
import Hummingbird
import JSON
import PluginHost

/// `POST /completion`.
struct LlamaCompletionRoutes {
    let backend: Backend

    var routes: [Route] { [Route(.post, "/completion", .inference, complete)] }

    private func complete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let asked = try await backend.body.read(request, context, .text) { fields in
            try LlamaCompletionRequest(fields) {
                backend.models.sampling(of: $0, for: .completion)
            }
        }
        let reply = try await backend.reply(asked.generation, for: .completion, context) {
            [try await asked.request($0.engine)]
        }
        var writer = LlamaCompletion(of: reply)
        if asked.streams { return LlamaCppDialect().stream(reply, by: writer, context) }
        let whole = try await reply.whole { _ in writer.sawOutput() }
        return Response(writer.whole(whole))
    }
}

/// `GET /props`, `GET /slots` and `POST /apply-template`, of the model that completes text or of the one
/// that `model` names.
struct LlamaServerRoutes {
    let models: Models
    let body: Body

    var routes: [Route] {
        [
            Route(.get, "/props", .inference, properties),
            Route(.get, "/slots", .inference, slots),
            Route(.post, "/apply-template", .inference, applyTemplate),
        ]
    }

    private func hold(_ request: Request) async throws -> ModelHold<TextServing> {
        let query = try QueryFields(request, known: ["model", "autoload"])
        return try await models.text(query.string("model"), for: .completion)
    }

    private func properties(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let hold = try await hold(request)
        defer { hold.release() }
        let engine = hold.engine.engine
        let sampling = models.sampling(of: hold.name, for: .completion)
        return Response([
            "default_generation_settings": [
                "n_ctx": .integer(engine.contextLength), "params": .object(sampling.json),
            ],
            "total_slots": .integer(engine.parallel), "model_path": .string(hold.name),
            "chat_template": .string(engine.info.chatTemplate ?? ""),
            "bos_token": .string(engine.tokenizer.bosToken),
            "eos_token": .string(engine.tokenizer.eosToken),
            "modalities": ["vision": false, "audio": false],
            "build_info": .string("roost \(Version.text)"), "is_sleeping": false,
        ])
    }

    /// How many requests are in the batch; which slot one has, no other API asks.
    private func slots(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let hold = try await hold(request)
        defer { hold.release() }
        let engine = hold.engine.engine
        let running = engine.statistics.running
        let slots = (0..<engine.parallel).map { index -> JSONValue in
            [
                "id": .integer(index), "n_ctx": .integer(engine.contextLength),
                "is_processing": .bool(index < running),
            ]
        }
        return Response(.array(slots))
    }

    private func applyTemplate(
        _ request: Request, _ context: HTTPContext
    ) async throws -> Response {
        let (conversation, model) = try await body.read(request, context, .text) {
            (try Conversation($0), try $0.string("model"))
        }
        let hold = try await models.text(model, for: .chat)
        defer { hold.release() }
        context.record.note { $0.model = hold.name }
        let prompt = hold.engine.prompt
        let text = try await BlockingThread.run("roost-render") {
            try prompt.text(of: conversation)
        }
        return Response(["prompt": .string(text)])
    }
}
