import Engine
import JSON
import NIOCore

/// Builds the events of one choice of a streamed completion.
///
/// All but the text of a chunk is the same for every token of a request, so it is made once and the
/// text is escaped between the two halves.
struct ChunkWriter {
    private let head: CompletionHead
    private let opening: ByteBuffer
    private let closing: ByteBuffer
    /// Everything up to the choice, and everything after it.
    private let before: String
    private let after: String
    private let index: Int

    /// - Parameter includesUsage: chunks then have a `usage`, null in all but the last.
    init(_ head: CompletionHead, index: Int, includesUsage: Bool) {
        self.head = head
        self.index = index
        let members = JSONValue.object(head.members(object: head.shape.chunkName)).serialized()
        before = "data: " + members.dropLast() + ",\"choices\":["
        after = "]" + (includesUsage ? ",\"usage\":null" : "") + "}\n\n"
        let text = head.shape == .chat ? "\"delta\":{\"content\":\"" : "\"text\":\""
        opening = ByteBuffer(string: before + "{\"index\":\(index),\(text)")
        let textEnd = head.shape == .chat ? "\"}" : "\""
        closing = ByteBuffer(
            string: textEnd + ",\"logprobs\":null,\"finish_reason\":null}" + after)
    }

    /// The chunk that opens a chat message; a text completion has none.
    func opener() -> ByteBuffer? {
        guard head.shape == .chat else { return nil }
        return chunk(delta: ["role": "assistant", "content": ""], logprobs: nil, finish: nil)
    }

    func text(_ text: String, tokens: [TokenLogProb]) -> ByteBuffer {
        if head.hasLogprobs {
            let logprobs = head.shape.logprobs(tokens)
            return chunk(delta: ["content": .string(text)], logprobs: logprobs, finish: nil)
        }
        var buffer = opening
        JSONText.escape(text, into: &buffer)
        buffer.writeImmutableBuffer(closing)
        return buffer
    }

    func finish(_ reason: FinishReason) -> ByteBuffer {
        chunk(delta: [:], logprobs: nil, finish: reason)
    }

    /// The chunk after the last choice that carries the usage alone.
    static func usage(_ head: CompletionHead, _ usage: UsageSum) -> JSONValue {
        var members = head.members(object: head.shape.chunkName)
        members["choices"] = []
        members["usage"] = usage.json
        return .object(members)
    }

    private func chunk(delta: JSONValue, logprobs: JSONValue?, finish: FinishReason?) -> ByteBuffer
    {
        var choice = JSONObject([(key: "index", value: .integer(index))])
        switch head.shape {
        case .chat: choice["delta"] = delta
        case .text: choice["text"] = delta["content"] ?? ""
        }
        choice["logprobs"] = logprobs ?? .null
        choice["finish_reason"] = finish.map { .string($0.word) } ?? .null
        return ByteBuffer(string: before + JSONValue.object(choice).serialized() + after)
    }
}
