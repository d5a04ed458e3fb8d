import Engine
import JSON
import NIOCore
import Services

/// The lines of `/api/chat` and `/api/generate`.
enum OllamaShape: Sendable {
    /// The text is `message.content`.
    case chat
    /// The text is `response`.
    case generate

    /// What carries the reply, or a piece of it.
    func members(
        text: String, reasoning: String = "", calls: [(index: Int, call: ToolCall)] = []
    ) -> JSONObject {
        switch self {
        case .chat:
            var message = JSONObject([
                (key: "role", value: "assistant"), (key: "content", value: .string(text)),
            ])
            if !reasoning.isEmpty { message["thinking"] = .string(reasoning) }
            if !calls.isEmpty {
                message["tool_calls"] = .array(calls.map { $0.call.ollama(index: $0.index) })
            }
            return JSONObject([(key: "message", value: .object(message))])
        case .generate:
            var members = JSONObject([(key: "response", value: .string(text))])
            if !reasoning.isEmpty { members["thinking"] = .string(reasoning) }
            return members
        }
    }
}

extension ToolCall {
    /// The arguments of a call that was cut off are left out; `done_reason` says that it was.
    fileprivate func ollama(index: Int) -> JSONValue {
        let arguments = (try? JSONValue(parsing: arguments))?.object ?? JSONObject()
        return [
            "id": .string(id),
            "function": [
                "index": .integer(index), "name": .string(name), "arguments": .object(arguments),
            ],
        ]
    }
}

extension ReplyEnd {
    /// `done_reason`
    fileprivate var doneReason: JSONValue { self == .length ? "length" : "stop" }
}

/// When a reply came to what, for the durations at its end.
struct OllamaClock: Sendable {
    private let start: ContinuousClock.Instant
    /// The prompt is in the model's queue.
    private let queued = ContinuousClock.now
    private var first: ContinuousClock.Instant?

    /// - Parameter start: when the request came.
    init(since start: ContinuousClock.Instant) {
        self.start = start
    }

    mutating func sawOutput() {
        if first == nil { first = .now }
    }

    fileprivate func durations(_ usage: UsageSum) -> [(key: String, value: JSONValue)] {
        let end = ContinuousClock.now
        return [
            ("total_duration", .nanoseconds(end - start)),
            ("load_duration", .nanoseconds(queued - start)),
            ("prompt_eval_count", .integer(usage.promptTokens)),
            ("prompt_eval_duration", .nanoseconds((first ?? end) - queued)),
            ("eval_count", .integer(usage.completionTokens)),
            ("eval_duration", .nanoseconds(end - (first ?? end))),
        ]
    }
}

extension JSONValue {
    static func nanoseconds(_ duration: Duration) -> JSONValue {
        .integer(Int(duration / .nanoseconds(1)))
    }
}

/// Writes one reply, as lines or as one object.
struct OllamaReply: Sendable {
    private let shape: OllamaShape
    private let model: String
    private var clock: OllamaClock
    private var end = ReplyEnd.stop
    /// The call that is being written: a call is sent whole.
    private var call: (index: Int, call: ToolCall)?

    init(_ shape: OllamaShape, of reply: Reply, since start: ContinuousClock.Instant) {
        self.shape = shape
        model = reply.model
        clock = OllamaClock(since: start)
    }

    /// Something of a reply in one piece has come.
    mutating func sawOutput() { clock.sawOutput() }

    private func line(_ members: JSONObject, isDone: Bool = false) -> JSONObject {
        var line = JSONObject.ollamaHead(model)
        for member in members.members { line[member.key] = member.value }
        line["done"] = .bool(isDone)
        return line
    }

    /// The lines for an event; none until a call is whole.
    mutating func lines(_ event: ReplyEvent) -> [JSONObject] {
        switch event {
        case .text(let text, let tokens, _):
            clock.sawOutput()
            guard !text.isEmpty || !tokens.isEmpty else { return [] }
            var members = shape.members(text: text)
            if !tokens.isEmpty { members["logprobs"] = LogprobsJSON.chat(tokens)["content"] }
            return takeCall() + [line(members)]
        case .reasoning(let text, _):
            clock.sawOutput()
            return [line(shape.members(text: "", reasoning: text))]
        case .toolCall(let delta, _):
            clock.sawOutput()
            var lines: [JSONObject] = []
            if let id = delta.id, let name = delta.name {
                lines = takeCall()
                call = (delta.index, ToolCall(id: id, name: name, arguments: ""))
            }
            call?.call.arguments += delta.arguments
            return lines
        case .finish(let end, _):
            self.end = end
            return takeCall()
        case .usage: return []
        }
    }

    private mutating func takeCall() -> [JSONObject] {
        guard let call else { return [] }
        self.call = nil
        return [line(shape.members(text: "", calls: [call]))]
    }

    /// The last line.
    ///
    /// - Parameter members: those that only the last one has.
    func last(_ usage: UsageSum, _ members: JSONObject = JSONObject()) -> JSONObject {
        var line = line(shape.members(text: ""), isDone: true)
        finish(&line, end, usage, members)
        return line
    }

    /// All in one piece.
    mutating func whole(_ reply: WholeReply, _ members: JSONObject = JSONObject()) -> JSONValue {
        let choice = reply.choices[0]
        let calls = choice.toolCalls.enumerated().map { (index: $0, call: $1) }
        var line = line(
            shape.members(text: choice.text, reasoning: choice.reasoning, calls: calls),
            isDone: true)
        if !choice.tokens.isEmpty {
            line["logprobs"] = LogprobsJSON.chat(choice.tokens)["content"]
        }
        finish(&line, choice.finish, reply.usage, members)
        return .object(line)
    }

    private func finish(
        _ line: inout JSONObject, _ end: ReplyEnd, _ usage: UsageSum, _ members: JSONObject
    ) {
        line["done_reason"] = end.doneReason
        for member in members.members { line[member.key] = member.value }
        for (key, value) in clock.durations(usage) { line[key] = value }
    }
}

extension JSONObject {
    static func ollamaHead(_ model: String) -> JSONObject {
        JSONObject([
            (key: "model", value: .string(model)),
            (key: "created_at", value: .string(WallClock.now.isoText)),
        ])
    }
}
