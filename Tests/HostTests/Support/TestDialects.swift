import Engine
import HTTPTypes
import Host
import Hummingbird
import JSON
import NIOCore

/// An API in the shape of Anthropic's: a key header of its own, named events, pings that are events.
struct NamedEventDialect: Dialect {
    var keyHeaders: [KeyHeader] { [.field(.apiKey)] }
    var framing: Framing {
        .serverSentEvents(ping: "event: ping\ndata: {\"type\": \"ping\"}\n\n")
    }
    var errorEvent: String? { "error" }

    func isNamed(by headers: HTTPFields) -> Bool {
        headers[HTTPField.Name("x-named-events")!] != nil
    }

    func status(of error: APIError) -> Int {
        if case .overloaded = error { 529 } else { error.status }
    }

    func json(of error: APIError) -> JSONValue {
        let type =
            switch error.status {
            case 401: "authentication_error"
            case 404: "not_found_error"
            case 400..<500: "invalid_request_error"
            default: "api_error"
            }
        return [
            "type": "error",
            "error": ["type": .string(type), "message": .string(error.description)],
        ]
    }

    func routes(on backend: Backend) -> [Route] {
        [
            Route(.get, "/v1/models", .inference) { _, _ in
                Response(
                    status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "{\"data\":[]}"))
                )
            },
            Route(.post, "/v1/letters", .inference) { request, context in
                let conversation = try await Conversation(request, stop: "stop_sequences")
                let reply = try await backend.reply(to: conversation, context)
                return stream(reply, by: MessageEvents(framing: framing), context)
            },
            Route(.post, "/v1/letters/scripted", .inference) { request, context in
                let fails = request.uri.queryParameters["fails"] != nil
                let pauses = request.uri.queryParameters["pauses"] != nil
                return stream(context) { events in
                    try await events.send(["type": "message_start"], named: "message_start")
                    if pauses { try await Task.sleep(for: .milliseconds(500)) }
                    if fails { throw APIError.refused("no more") }
                    try await events.send(["type": "message_stop"], named: "message_stop")
                }
            },
        ]
    }
}

/// A reply of one block of text.
private struct MessageEvents: ReplyWriter {
    let framing: Framing
    private var finish = ReplyEnd.stop

    init(framing: Framing) {
        self.framing = framing
    }

    private func event(_ name: String, _ members: JSONObject = JSONObject()) -> ByteBuffer {
        var event = JSONObject([(key: "type", value: .string(name))])
        for member in members.members { event[member.key] = member.value }
        return framing.event(JSONValue.object(event).serialized(), named: name)
    }

    func opening() -> ByteBuffer? {
        var buffer = event("message_start")
        buffer.writeImmutableBuffer(event("content_block_start"))
        return buffer
    }

    mutating func write(_ event: ReplyEvent) -> ByteBuffer? {
        switch event {
        case .text(let text, _, _):
            let delta: JSONValue = ["type": "text_delta", "text": .string(text)]
            return self.event("content_block_delta", JSONObject([(key: "delta", value: delta)]))
        case .reasoning, .toolCall: return nil
        case .finish(let reason, _):
            finish = reason
            return self.event("content_block_stop")
        case .usage(let usage):
            var buffer = self.event("message_delta", delta(usage))
            buffer.writeImmutableBuffer(self.event("message_stop"))
            return buffer
        }
    }

    private func delta(_ usage: UsageSum) -> JSONObject {
        let (reason, stop): (String, JSONValue) =
            switch finish {
            case .stop: ("end_turn", .null)
            case .stopString(let text): ("stop_sequence", .string(text))
            case .length: ("max_tokens", .null)
            case .toolCalls: ("tool_use", .null)
            }
        var members = JSONObject()
        members["delta"] = ["stop_reason": .string(reason), "stop_sequence": stop]
        members["usage"] = ["output_tokens": .integer(usage.completionTokens)]
        return members
    }
}

/// An API in the shape of Ollama's: lines of JSON, and an error that is a sentence.
struct LineDialect: Dialect {
    var framing: Framing { .jsonLines }

    func json(of error: APIError) -> JSONValue { ["error": .string(error.description)] }

    func routes(on backend: Backend) -> [Route] {
        [
            Route(.post, "/lines/chat", .inference) { request, context in
                let conversation = try await Conversation(request, stop: "stop")
                let reply = try await backend.reply(to: conversation, context)
                return stream(reply, by: ChatLines(framing: framing), context)
            },
            Route(.post, "/lines/scripted", .inference) { request, context in
                let fails = request.uri.queryParameters["fails"] != nil
                return stream(context) { events in
                    try await events.send(["done": false])
                    if fails { throw APIError.refused("no more") }
                    try await events.send(["done": true])
                }
            },
        ]
    }
}

private struct ChatLines: ReplyWriter {
    let framing: Framing
    private var finish = ReplyEnd.stop

    init(framing: Framing) {
        self.framing = framing
    }

    func opening() -> ByteBuffer? { nil }

    mutating func write(_ event: ReplyEvent) -> ByteBuffer? {
        let line: JSONValue
        switch event {
        case .text(let text, _, _):
            line = ["message": ["role": "assistant", "content": .string(text)], "done": false]
        case .reasoning, .toolCall: return nil
        case .finish(let reason, _):
            finish = reason
            return nil
        case .usage(let usage):
            line = [
                "done": true, "done_reason": finish == .length ? "length" : "stop",
                "prompt_eval_count": .integer(usage.promptTokens),
                "eval_count": .integer(usage.completionTokens),
            ]
        }
        return framing.event(line.serialized())
    }
}

extension Conversation {
    /// A body with one question, as simple as a test needs it.
    fileprivate init(_ request: Request, stop key: String) async throws {
        let buffer = try await request.body.collect(upTo: 1 << 20)
        let body = try JSONValue(parsing: Array(buffer.readableBytesView))
        self.init(
            messages: [
                Message(role: "user", content: [.text(body["question"]?.string ?? "")])
            ])
        generation.request.sampling = .greedy
        generation.request.maxTokens = body["max_tokens"]?.integer
        generation.request.stop = body[key]?.array?.compactMap(\.string) ?? []
    }
}
