import Engine
import JSON
import NIOCore
import Services

/// Writes a reply as the events of a streamed chat completion.
struct ChatChunks: ReplyWriter {
    private let frame: ChunkFrame
    private let texts: [ChunkFrame.Text]
    /// Whether log probabilities were requested.
    private let isScored: Bool

    init(_ head: CompletionHead, _ choices: Int, isScored: Bool, includesUsage: Bool) {
        let frame = ChunkFrame(
            head, object: "chat.completion.chunk", includesUsage: includesUsage)
        self.frame = frame
        self.isScored = isScored
        texts = (0..<choices).map {
            frame.text($0, in: (opening: "\"delta\":{\"content\":\"", closing: "\"}"))
        }
    }

    /// A chunk for each choice, with the role.
    func opening() -> ByteBuffer? {
        let role: JSONValue = ["role": "assistant", "content": ""]
        return texts.indices.reduce(into: ByteBuffer()) { buffer, index in
            buffer.writeImmutableBuffer(frame.chunk(index, ("delta", role)))
        }
    }

    func write(_ event: ReplyEvent) -> ByteBuffer? {
        switch event {
        case .text(let text, let tokens, let choice):
            guard isScored else { return texts[choice].chunk(text) }
            return frame.chunk(
                choice, ("delta", ["content": .string(text)]), logprobs: LogprobsJSON.chat(tokens))
        case .reasoning(let text, let choice):
            return frame.chunk(choice, ("delta", ["reasoning_content": .string(text)]))
        case .toolCall(let delta, let choice):
            return frame.chunk(choice, ("delta", ["tool_calls": [delta.json]]))
        case .finish(let reason, let choice):
            return frame.chunk(choice, ("delta", [:]), finish: reason)
        case .usage(let usage): return frame.usage(usage)
        }
    }
}

extension WholeReply {
    /// As a chat completion.
    func chat(_ head: CompletionHead, isScored: Bool) -> JSONValue {
        let choices = choices.enumerated().map { index, choice in
            JSONObject([
                (key: "index", value: .integer(index)), (key: "message", value: choice.message),
                (key: "logprobs", value: isScored ? LogprobsJSON.chat(choice.tokens) : .null),
                (key: "finish_reason", value: .string(choice.finish.word)),
            ])
        }
        let whole = head.whole(object: "chat.completion", choices, usage)
        guard let prompt = self.choices.first?.prompt, !prompt.isEmpty, var members = whole.object
        else { return whole }
        members["prompt_logprobs"] = LogprobsJSON.prompt(prompt)
        return .object(members)
    }
}

extension WholeReply.Choice {
    /// `message`: without `reasoning_content` and `tool_calls` where there are none.
    fileprivate var message: JSONValue {
        var message = JSONObject([(key: "role", value: "assistant")])
        message["content"] = text.isEmpty && !toolCalls.isEmpty ? .null : .string(text)
        message["refusal"] = .null
        if !reasoning.isEmpty { message["reasoning_content"] = .string(reasoning) }
        if !toolCalls.isEmpty { message["tool_calls"] = .array(toolCalls.map(\.json)) }
        return .object(message)
    }
}

extension ToolCallDelta {
    /// An element of a chunk's `tool_calls`.
    fileprivate var json: JSONValue {
        var function = JSONObject()
        function["name"] = name.map { .string($0) }
        function["arguments"] = .string(arguments)
        var json = JSONObject([(key: "index", value: .integer(index))])
        json["id"] = id.map { .string($0) }
        if id != nil { json["type"] = "function" }
        json["function"] = .object(function)
        return .object(json)
    }
}
