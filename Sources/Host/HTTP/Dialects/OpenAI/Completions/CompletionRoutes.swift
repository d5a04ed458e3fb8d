import Engine
import HTTPTypes
import Hummingbird
import Logging
import PluginHost

/// `POST /v1/chat/completions` and `POST /v1/completions`.
struct CompletionRoutes {
    let models: Models
    let body: Body
    let workload: Workload

    var routes: [Route] {
        [
            Route(.post, "/v1/chat/completions", .inference, chat),
            Route(.post, "/v1/completions", .inference, complete),
        ]
    }

    private func chat(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let chat = try await body.read(request, context, .text) { fields in
            try ChatRequest(fields) { models.sampling(of: $0, for: .chat) }
        }
        let job = try await start(chat.generation, for: .chat, context) { serving in
            let prompt = try await serving.prompt.tokens(
                of: chat.conversation, engine: serving.engine)
            return (0..<chat.generation.choices).map { chat.request(prompt, choice: $0) }
        }
        let head = CompletionHead(
            .chat, model: job.hold.name, fingerprint: await job.hold.systemFingerprint,
            hasLogprobs: chat.logprobs != nil)
        return try await answer(job, head, chat.generation, context)
    }

    private func complete(_ request: Request, _ context: HTTPContext) async throws -> Response {
        let completion = try await body.read(request, context, .text) { fields in
            try CompletionRequest(fields) { models.sampling(of: $0, for: .completion) }
        }
        let job = try await start(completion.generation, for: .completion, context) { serving in
            var requests: [GenerationRequest] = []
            for prompt in completion.prompts {
                let tokens = try await prompt.tokens(
                    serving.engine, parseSpecial: completion.parsesSpecial)
                requests += try (0..<completion.generation.choices).map {
                    serving.engine.readsSource
                        ? try completion.request(reading: tokens, choice: $0)
                        : completion.request(tokens, choice: $0)
                }
            }
            return requests
        }
        let head = CompletionHead(
            .text, model: job.hold.name, fingerprint: await job.hold.systemFingerprint,
            hasLogprobs: completion.logprobs != nil)
        return try await answer(job, head, completion.generation, context)
    }

    /// Puts a request into its model's queue.
    private func start(
        _ fields: GenerationFields, for purpose: Settings.Purpose, _ context: HTTPContext,
        requests: (TextServing) async throws -> [GenerationRequest]
    ) async throws -> CompletionJob {
        try await Models.inNextGeneration {
            let hold = try await models.text(fields.model, for: purpose)
            context.record.note { $0.model = hold.name }
            let engine = hold.engine.engine
            try fields.check(vocabulary: engine.vocabularySize)
            var requests = try await requests(hold.engine)
            let runs = try await fields.forbiddenRuns(engine)
            for index in requests.indices { requests[index].sampling.forbiddenRuns = runs }
            guard requests.count <= engine.capacity else {
                throw APIError.invalid(
                    param: "n",
                    "asks for \(requests.count) choices in all, the model's queue holds "
                        + "\(engine.capacity); send several requests, or raise the model's 'queue'")
            }
            let choices = try Choices(requests, engine: engine)
            return CompletionJob(hold: hold, choices: choices, perPrompt: fields.choices)
        }
    }

    private func answer(
        _ job: CompletionJob, _ head: CompletionHead, _ fields: GenerationFields,
        _ context: HTTPContext
    ) async throws -> Response {
        if fields.streams {
            return CompletionStream(
                job: job, head: head, includesUsage: fields.includesUsage, workload: workload,
                context: context
            ).response
        }
        var collector = CompletionCollector(head, choices: job.choices.count)
        var usage = UsageSum()
        try await workload.run(for: context.channel, cancel: job.choices.cancel) {
            try await job.choices.forEach { index, event in
                collector.add(event, to: index)
                job.count(event, of: index, in: &usage)
            }
        }
        context.record.note(usage)
        guard head.hasLogprobs else { return Response(json: collector.json(usage)) }
        // Twenty alternatives for each of many tokens are megabytes.
        return Response(
            json: await BlockingThread.run("roost-write") { [collector, usage] in
                collector.json(usage)
            })
    }
}

extension CompletionRequest.Prompt {
    fileprivate func tokens(_ engine: TextEngine, parseSpecial: Bool) async throws -> [Int32] {
        switch self {
        case .text(let text):
            try await engine.tokenize(text, addSpecial: true, parseSpecial: parseSpecial)
        case .tokens(let tokens): tokens
        }
    }
}

/// A request that is being answered.
struct CompletionJob: Sendable {
    let hold: ModelHold<TextServing>
    let choices: Choices
    /// How many choices each prompt has.
    let perPrompt: Int

    func count(_ event: GenerationEvent, of index: Int, in sum: inout UsageSum) {
        guard case .finished(_, let usage) = event else { return }
        sum.add(usage, isFirst: index % perPrompt == 0)
    }
}

extension RequestRecord {
    func note(_ usage: UsageSum) {
        note { facts in
            facts.promptTokens = usage.promptTokens
            facts.completionTokens = usage.completionTokens
        }
    }
}
