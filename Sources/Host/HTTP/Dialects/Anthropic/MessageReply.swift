import Engine
import JSON
import NIOCore
import Services

/// What a message begins with.
struct MessageHead: Sendable {
    private let id = Identifier.random(prefix: "msg_")
    private let model: String
    /// Tokens of the prompt, as far as they are known before the reply.
    private let promptTokens: Int

    init(of reply: Reply) {
        model = reply.model
        promptTokens = reply.promptTokens
    }

    fileprivate func json(
        _ content: [JSONValue], _ end: JSONObject, _ usage: JSONValue
    ) -> JSONObject {
        var json = JSONObject([
            (key: "id", value: .string(id)), (key: "type", value: "message"),
            (key: "role", value: "assistant"), (key: "model", value: .string(model)),
            (key: "content", value: .array(content)),
        ])
        for member in end.members { json[member.key] = member.value }
        json["usage"] = usage
        return json
    }

    /// Before anything of the reply is known.
    fileprivate var opening: JSONObject {
        let end = JSONObject([
            (key: "stop_reason", value: .null), (key: "stop_sequence", value: .null),
        ])
        return json([], end, .messageUsage(input: promptTokens, cached: 0, output: 0))
    }
}

extension ReplyEnd {
    /// `stop_reason` and `stop_sequence`
    fileprivate var messageMembers: JSONObject {
        let (reason, sequence): (JSONValue, JSONValue) =
            switch self {
            case .stop: ("end_turn", .null)
            case .stopString(let text): ("stop_sequence", .string(text))
            case .length: ("max_tokens", .null)
            case .toolCalls: ("tool_use", .null)
            }
        return JSONObject([
            (key: "stop_reason", value: reason), (key: "stop_sequence", value: sequence),
        ])
    }
}

extension JSONValue {
    /// The prompt's tokens are those that were computed and those that the model still had.
    fileprivate static func messageUsage(input: Int, cached: Int, output: Int) -> JSONValue {
        [
            "input_tokens": .integer(input - cached), "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": .integer(cached), "output_tokens": .integer(output),
        ]
    }
}

extension UsageSum {
    fileprivate var message: JSONValue {
        .messageUsage(input: promptTokens, cached: cachedTokens, output: completionTokens)
    }
}

// MARK: - In one piece

extension WholeReply {
    func message(_ head: MessageHead, showsThinking: Bool) -> JSONValue {
        let choice = choices[0]
        var content: [JSONValue] = []
        if showsThinking, !choice.reasoning.isEmpty {
            content.append(.thinkingBlock(choice.reasoning))
        }
        if !choice.text.isEmpty { content.append(["type": "text", "text": .string(choice.text)]) }
        content += choice.toolCalls.map(\.block)
        return .object(head.json(content, choice.finish.messageMembers, usage.message))
    }
}

extension JSONValue {
    /// Its signature, by which Anthropic knows its own thoughts again, is empty.
    fileprivate static func thinkingBlock(_ text: String) -> JSONValue {
        ["type": "thinking", "thinking": .string(text), "signature": ""]
    }

    fileprivate static func toolUse(_ id: String, _ name: String, _ input: JSONObject) -> JSONValue
    {
        [
            "type": "tool_use", "id": .string(id), "name": .string(name), "input": .object(input),
        ]
    }
}

extension ToolCall {
    /// A call that was cut off has no input; `stop_reason` says that it was.
    fileprivate var block: JSONValue {
        let input = (try? JSONValue(parsing: arguments))?.object
        return .toolUse(id, name, input ?? JSONObject())
    }
}

// MARK: - As events

/// Writes a reply as the events of a streamed message.
struct MessageEvents: ReplyWriter {
    private enum Block {
        case thinking
        case text
        case toolUse
    }

    private let head: MessageHead
    private let showsThinking: Bool
    private let dialect = AnthropicDialect()
    private var block: Block?
    /// Of the open block, else of the last one.
    private var index = -1
    private var end = ReplyEnd.stop

    init(_ head: MessageHead, showsThinking: Bool) {
        self.head = head
        self.showsThinking = showsThinking
    }

    func opening() -> ByteBuffer? {
        dialect.event("message_start", JSONObject([(key: "message", value: .object(head.opening))]))
    }

    mutating func write(_ event: ReplyEvent) -> ByteBuffer? {
        var buffer = ByteBuffer()
        switch event {
        case .text(let text, _, _):
            guard !text.isEmpty else { return nil }
            open(.text, ["type": "text", "text": ""], &buffer)
            add(("text_delta", "text"), text, &buffer)
        case .reasoning(let text, _):
            guard showsThinking, !text.isEmpty else { return nil }
            open(.thinking, .thinkingBlock(""), &buffer)
            add(("thinking_delta", "thinking"), text, &buffer)
        case .toolCall(let delta, _):
            if let id = delta.id, let name = delta.name {
                close(&buffer)
                open(.toolUse, .toolUse(id, name, JSONObject()), &buffer)
            }
            if !delta.arguments.isEmpty {
                add(("input_json_delta", "partial_json"), delta.arguments, &buffer)
            }
        case .finish(let end, _):
            self.end = end
            close(&buffer)
        case .usage(let usage):
            let members = JSONObject([
                (key: "delta", value: .object(end.messageMembers)),
                (key: "usage", value: usage.message),
            ])
            buffer = dialect.event("message_delta", members)
            buffer.writeImmutableBuffer(dialect.event("message_stop"))
        }
        return buffer
    }

    /// Ends the block before, unless that goes on.
    private mutating func open(_ block: Block, _ start: JSONValue, _ buffer: inout ByteBuffer) {
        guard self.block != block else { return }
        close(&buffer)
        self.block = block
        index += 1
        let members = JSONObject([
            (key: "index", value: .integer(index)), (key: "content_block", value: start),
        ])
        buffer.writeImmutableBuffer(dialect.event("content_block_start", members))
    }

    private mutating func close(_ buffer: inout ByteBuffer) {
        guard block != nil else { return }
        block = nil
        let members = JSONObject([(key: "index", value: .integer(index))])
        buffer.writeImmutableBuffer(dialect.event("content_block_stop", members))
    }

    /// A delta for every token: written by hand.
    private func add(
        _ delta: (type: StaticString, member: StaticString), _ text: String,
        _ buffer: inout ByteBuffer
    ) {
        buffer.writeString(
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":\(index)"
                + ",\"delta\":{\"type\":\"\(delta.type)\",\"\(delta.member)\":\"")
        JSONText.escape(text, into: &buffer)
        buffer.writeStaticString("\"}}\n\n")
    }
}
