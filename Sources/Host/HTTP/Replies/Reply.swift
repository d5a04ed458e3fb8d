package import Engine
package import Hummingbird
package import NIOCore
package import Services

/// The events of a reply; those of different choices come in any order.
package enum ReplyEvent: Sendable {
    /// Text that follows what came before; `tokens` is empty unless log probabilities are wanted.
    case text(String, tokens: [TokenLogProb], choice: Int)
    /// More of what the model thinks before it answers, without the marks around it.
    case reasoning(String, choice: Int)
    /// A call of a tool begins, or its arguments go on.
    case toolCall(ToolCallDelta, choice: Int)
    /// The last of a choice.
    case finish(ReplyEnd, choice: Int)
    /// The last of all: what the choices cost together.
    case usage(UsageSum)
}

/// Why a choice ended.
package enum ReplyEnd: Sendable, Equatable {
    /// The model ended its turn, or a stop token came.
    case stop
    /// The text met this one of the request's stop strings.
    case stopString(String)
    /// The longest output or the end of the context was reached, perhaps within a call.
    case length
    /// The model ended its turn, or the reply its one call, and calls tools.
    case toolCalls

    init(_ reason: FinishReason) {
        switch reason {
        case .stop: self = .stop
        case .stopString(let text): self = .stopString(text)
        case .length: self = .length
        }
    }
}

/// A reply that is being generated, in one choice or several.
package struct Reply: Sendable {
    let hold: ModelHold<TextServing>
    private let choices: Choices
    /// Nil where all of the output is text.
    private let reading: OutputReading?
    /// How many choices each prompt has.
    private let perPrompt: Int
    private let workload: Workload
    private let context: HTTPContext

    /// Of all prompts together.
    let promptTokens: Int
    let firstPrompt: [Int32]
    /// Whether it goes on when the client has left.
    var outlivesClient = false

    package var model: String { hold.name }
    package var count: Int { choices.count }

    fileprivate init(
        _ hold: ModelHold<TextServing>, _ requests: [GenerationRequest],
        _ reading: OutputReading?, perPrompt: Int,
        _ workload: Workload, _ context: HTTPContext
    ) throws {
        self.hold = hold
        self.reading = reading
        choices = try Choices(requests, engine: hold.engine.engine)
        self.perPrompt = perPrompt
        firstPrompt = requests.first?.prompt ?? []
        promptTokens = stride(from: 0, to: requests.count, by: perPrompt).reduce(0) {
            $0 + (requests[$1].source ?? requests[$1].prompt).count
        }
        self.workload = workload
        self.context = context
    }

    /// Calls `body` with every event; meanwhile the choice of that event waits.
    ///
    /// - Throws: `EarlyEnd` if the client leaves or the host stops, the model's failure, what
    ///   `body` throws.
    package func forEach(_ body: (ReplyEvent) async throws -> Void) async throws {
        try await forEach(body) { _, _ in }
    }

    /// - Parameter watch: sees what the engine sends, before it becomes an event.
    private func forEach(
        _ body: (ReplyEvent) async throws -> Void, watch: (Int, GenerationEvent) -> Void
    ) async throws {
        var usage = UsageSum()
        let client = outlivesClient ? nil : context.channel
        var readers = (0..<count).map { ReplyReader(reading, choice: $0) }
        try await workload.run(for: client, cancel: choices.cancel) {
            try await choices.forEach { choice, event in
                watch(choice, event)
                let events: [ReplyEvent]
                switch event {
                case .prompt: events = []
                case .text(let text, let tokens):
                    events = readers[choice].text(text, tokens: tokens)
                case .mark(let token): events = readers[choice].mark(token)
                case .finished(let reason, let cost):
                    usage.add(cost, isFirst: choice % perPrompt == 0)
                    events = readers[choice].finish(reason)
                }
                if readers[choice].isOver { choices.conclude(choice) }
                for event in events { try await body(event) }
            }
        }
        context.record.note(usage)
        try await body(.usage(usage))
    }

    /// Ends it, with a `CancellationError` for who reads it.
    func cancel() { choices.cancel() }

    /// All of it.
    ///
    /// - Parameters:
    ///   - best: how many choices of each prompt are left, those with the highest mean log probability;
    ///     nil: all.
    ///   - look: is called with every event.
    package func whole(
        best: Int? = nil, _ look: (ReplyEvent) -> Void = { _ in }
    ) async throws -> WholeReply {
        var whole = WholeReply(choices: count)
        try await forEach {
            look($0)
            whole.add($0)
        } watch: {
            whole.note($1, of: $0)
        }
        if let best { whole.keep(best, of: perPrompt) }
        return whole
    }
}

/// A reply that is sent in one piece.
package struct WholeReply: Sendable {
    package struct Choice: Sendable {
        /// Of the prompt's tokens, where they are wanted.
        package fileprivate(set) var prompt: [TokenLogProb] = []
        package fileprivate(set) var text = ""
        package fileprivate(set) var tokens: [TokenLogProb] = []
        /// What the model thought before it answered.
        package fileprivate(set) var reasoning = ""
        package fileprivate(set) var toolCalls: [ToolCall] = []
        package fileprivate(set) var finish = ReplyEnd.stop
        fileprivate var meanLogprob = -Double.infinity

        fileprivate mutating func add(_ delta: ToolCallDelta) {
            if let id = delta.id, let name = delta.name {
                toolCalls.append(ToolCall(id: id, name: name, arguments: ""))
            }
            toolCalls[delta.index].arguments += delta.arguments
        }
    }

    package private(set) var choices: [Choice]
    package private(set) var usage = UsageSum()

    fileprivate init(choices: Int) {
        self.choices = Array(repeating: Choice(), count: choices)
    }

    fileprivate mutating func add(_ event: ReplyEvent) {
        switch event {
        case .text(let text, let tokens, let choice):
            choices[choice].text += text
            choices[choice].tokens += tokens
        case .reasoning(let text, let choice): choices[choice].reasoning += text
        case .toolCall(let delta, let choice): choices[choice].add(delta)
        case .finish(let reason, let choice): choices[choice].finish = reason
        case .usage(let usage): self.usage = usage
        }
    }

    /// What a whole reply has besides its events.
    fileprivate mutating func note(_ event: GenerationEvent, of choice: Int) {
        switch event {
        case .prompt(let tokens): choices[choice].prompt += tokens
        case .text, .mark: break
        case .finished(_, let usage):
            choices[choice].meanLogprob = usage.logprob / Double(max(1, usage.completionTokens))
        }
    }

    /// Leaves the best choices of each prompt, the best first; of equals the earlier.
    fileprivate mutating func keep(_ best: Int, of perPrompt: Int) {
        choices = stride(from: 0, to: choices.count, by: perPrompt).flatMap { first in
            let own = choices[first..<(first + perPrompt)]
            let order = own.indices.sorted {
                (own[$1].meanLogprob, $0) < (own[$0].meanLogprob, $1)
            }
            return order.prefix(best).map { own[$0] }
        }
    }
}

// MARK: - Asking

extension Backend {
    /// Puts a conversation into its model's queue.
    ///
    /// - Throws: `APIError`, `DeploymentError`, `EngineError`.
    package func reply(
        to conversation: Conversation, _ context: HTTPContext
    ) async throws -> Reply {
        try await reading(conversation.generation, for: .chat, context) { serving in
            var (request, reading) = try await serving.prompt.request(
                of: conversation, engine: serving.engine)
            request.prompt = conversation.continued(request.prompt, serving.engine.tokenizer.bos)
            if case .shift(let keep) = request.overflow {
                let instructions = await serving.prompt.instructions(
                    of: conversation, in: request.prompt, engine: serving.engine)
                request.overflow = .shift(keep: max(keep, instructions))
            }
            return ([request], reading)
        }
    }

    /// The prompt that a conversation becomes.
    ///
    /// - Throws: `APIError`, `DeploymentError`.
    func promptTokens(of conversation: Conversation, _ context: HTTPContext) async throws -> [Int32]
    {
        let hold = try await models.text(conversation.generation.model, for: .chat)
        defer { hold.release() }
        context.record.note { $0.model = hold.name }
        return try await hold.engine.prompt.tokens(of: conversation, engine: hold.engine.engine)
    }

    /// Puts a request into its model's queue.
    ///
    /// - Parameter prompts: one request for each prompt, with a single choice.
    func reply(
        _ generation: GenerationOptions, for capability: Capability, _ context: HTTPContext,
        prompts: (TextServing) async throws -> [GenerationRequest]
    ) async throws -> Reply {
        try await reading(generation, for: capability, context) { (try await prompts($0), nil) }
    }

    private func reading(
        _ generation: GenerationOptions, for capability: Capability, _ context: HTTPContext,
        prompts: (TextServing) async throws -> ([GenerationRequest], OutputReading?)
    ) async throws -> Reply {
        try await Models.inNextRevision {
            let name = try models.name(
                generation.model, with: generation.adapter, for: capability)
            let hold = try await models.text(name, for: capability)
            context.record.note { $0.model = hold.name }
            let (prompts, reading) = try await prompts(hold.engine)
            var requests = try await generation.requests(prompts, hold.engine.engine)
            for index in requests.indices {
                context.stamp(&requests[index], asked: generation.priority)
                requests[index].adapter = hold.adapter
            }
            return try Reply(
                hold, requests, reading, perPrompt: generation.choices, workload, context)
        }
    }
}

// MARK: - Streaming

/// Writes the events of a reply as one API streams them: always a whole number of its own events.
package protocol ReplyWriter: Sendable {
    /// What comes before the first event of the reply.
    mutating func opening() -> ByteBuffer?
    /// Nil if the API has nothing for that event.
    mutating func write(_ event: ReplyEvent) -> ByteBuffer?
}

extension Dialect {
    /// A response with the events of a reply as they come.
    package func stream(
        _ reply: Reply, by writer: some ReplyWriter, _ context: HTTPContext
    ) -> Response {
        stream(context) { events in
            var writer = writer
            if let opening = writer.opening() { try await events.send(framed: opening) }
            try await reply.forEach { event in
                if let bytes = writer.write(event) { try await events.send(framed: bytes) }
            }
        }
    }
}
