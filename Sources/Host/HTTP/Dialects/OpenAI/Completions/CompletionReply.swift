import Engine
import JSON
import NIOCore

/// Writes a reply as the events of a streamed text completion.
struct CompletionChunks: ReplyWriter {
    private let frame: ChunkFrame
    private let texts: [ChunkFrame.Text]
    /// Whether log probabilities were requested.
    private let isScored: Bool

    init(_ head: CompletionHead, _ choices: Int, isScored: Bool, includesUsage: Bool) {
        let frame = ChunkFrame(head, object: "text_completion", includesUsage: includesUsage)
        self.frame = frame
        self.isScored = isScored
        texts = (0..<choices).map { frame.text($0, in: (opening: "\"text\":\"", closing: "\"")) }
    }

    func opening() -> ByteBuffer? { nil }

    func write(_ event: ReplyEvent) -> ByteBuffer? {
        switch event {
        case .text(let text, let tokens, let choice):
            guard isScored else { return texts[choice].chunk(text) }
            return frame.chunk(
                choice, ("text", .string(text)), logprobs: LogprobsJSON.completion(tokens))
        case .reasoning, .toolCall: return nil  // None is looked for in a completion.
        case .finish(let reason, let choice):
            return frame.chunk(choice, ("text", ""), finish: reason)
        case .usage(let usage): return frame.usage(usage)
        }
    }
}

extension WholeReply {
    /// As a text completion.
    func completion(_ head: CompletionHead, isScored: Bool) -> JSONValue {
        let choices = choices.enumerated().map { index, choice in
            var object = JSONObject([
                (key: "index", value: .integer(index)),
                (key: "text", value: .string(choice.text)),
                (key: "logprobs", value: isScored ? LogprobsJSON.completion(choice.tokens) : .null),
                (key: "finish_reason", value: .string(choice.finish.word)),
            ])
            if !choice.prompt.isEmpty {
                object["prompt_logprobs"] = LogprobsJSON.prompt(choice.prompt)
            }
            return object
        }
        return head.whole(object: "text_completion", choices, usage)
    }
}
