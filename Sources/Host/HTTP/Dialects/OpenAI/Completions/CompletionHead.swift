import Engine
import JSON
import NIOCore

/// What every part of one completion begins with.
struct CompletionHead: Sendable {
    private let id: String
    private let created = WallClock.now.seconds
    private let model: String
    /// What made it: host, plugin and model.
    private let fingerprint: String

    init(of reply: Reply, prefix: String) async {
        id = Identifier.random(prefix: prefix)
        model = reply.model
        fingerprint = await reply.hold.systemFingerprint
    }

    func members(object: String) -> JSONObject {
        JSONObject([
            (key: "id", value: .string(id)), (key: "object", value: .string(object)),
            (key: "created", value: .integer(created)), (key: "model", value: .string(model)),
            (key: "system_fingerprint", value: .string(fingerprint)),
        ])
    }

    /// A completion that is sent in one piece.
    func whole(object: String, _ choices: [JSONObject], _ usage: UsageSum) -> JSONValue {
        var members = members(object: object)
        members["choices"] = .array(choices.map { .object($0) })
        members["usage"] = usage.json
        return .object(members)
    }
}

/// Builds the chunks of one streamed completion.
///
/// Everything but the text of a chunk is the same for every token of a choice, so it is built once,
/// and the text is escaped between the two halves.
struct ChunkFrame: Sendable {
    private let head: JSONObject
    private let includesUsage: Bool
    /// Everything up to the choice, and everything after it.
    private let before: String
    private let after: String

    /// - Parameter includesUsage: chunks then have a `usage`, null in all but the last.
    init(_ head: CompletionHead, object: String, includesUsage: Bool) {
        self.head = head.members(object: object)
        self.includesUsage = includesUsage
        before = "data: " + JSONValue.object(self.head).serialized().dropLast() + ",\"choices\":["
        after = "]" + (includesUsage ? ",\"usage\":null" : "") + "}\n\n"
    }

    /// A chunk with one choice.
    ///
    /// - Parameter text: its member that holds the text.
    func chunk(
        _ index: Int, _ text: (key: String, value: JSONValue), logprobs: JSONValue = .null,
        finish: ReplyEnd? = nil
    ) -> ByteBuffer {
        let choice = JSONObject([
            (key: "index", value: .integer(index)), text, (key: "logprobs", value: logprobs),
            (key: "finish_reason", value: finish.map { .string($0.word) } ?? .null),
        ])
        return ByteBuffer(string: before + JSONValue.object(choice).serialized() + after)
    }

    /// The chunk after the last choice, with only the usage; nil if it was not requested.
    func usage(_ usage: UsageSum) -> ByteBuffer? {
        guard includesUsage else { return nil }
        var members = head
        members["choices"] = []
        members["usage"] = usage.json
        return OpenAIDialect().framing.event(JSONValue.object(members).serialized())
    }

    /// The chunks of one choice that hold text alone.
    struct Text: Sendable {
        private let opening: ByteBuffer
        private let closing: ByteBuffer

        fileprivate init(opening: String, closing: String) {
            self.opening = ByteBuffer(string: opening)
            self.closing = ByteBuffer(string: closing)
        }

        func chunk(_ text: String) -> ByteBuffer {
            var buffer = opening
            JSONText.escape(text, into: &buffer)
            buffer.writeImmutableBuffer(closing)
            return buffer
        }
    }

    /// - Parameter member: what stands around the text, with its quotes.
    func text(_ index: Int, in member: (opening: String, closing: String)) -> Text {
        Text(
            opening: before + "{\"index\":\(index),\(member.opening)",
            closing: member.closing + ",\"logprobs\":null,\"finish_reason\":null}" + after)
    }
}

extension ReplyEnd {
    /// `finish_reason`
    var word: String {
        switch self {
        case .stop, .stopString: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        }
    }
}

extension UsageSum {
    /// `usage`
    var json: JSONValue {
        var details = JSONObject([(key: "cached_tokens", value: .integer(cachedTokens))])
        if droppedTokens > 0 { details["dropped_tokens"] = .integer(droppedTokens) }
        return [
            "prompt_tokens": .integer(promptTokens),
            "completion_tokens": .integer(completionTokens),
            "total_tokens": .integer(promptTokens + completionTokens),
            "prompt_tokens_details": .object(details),
        ]
    }
}
