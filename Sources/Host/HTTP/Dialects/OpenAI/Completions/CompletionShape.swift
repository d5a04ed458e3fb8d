import Engine
import JSON

/// In which of the two forms a completion is written.
enum CompletionShape: Sendable {
    case chat
    case text

    var idPrefix: String {
        switch self {
        case .chat: "chatcmpl-"
        case .text: "cmpl-"
        }
    }

    var objectName: String {
        switch self {
        case .chat: "chat.completion"
        case .text: "text_completion"
        }
    }

    var chunkName: String {
        switch self {
        case .chat: "chat.completion.chunk"
        case .text: "text_completion"
        }
    }

    func logprobs(_ tokens: [TokenLogProb]) -> JSONValue {
        switch self {
        case .chat: LogprobsJSON.chat(tokens)
        case .text: LogprobsJSON.completion(tokens)
        }
    }
}

/// What every part of one completion begins with.
struct CompletionHead: Sendable {
    let shape: CompletionShape
    let id: String
    let created: Int
    let model: String
    /// Whether log probabilities were asked for.
    let hasLogprobs: Bool
    /// What made it: host, plugin and model.
    let fingerprint: String

    init(_ shape: CompletionShape, model: String, fingerprint: String, hasLogprobs: Bool) {
        self.shape = shape
        self.model = model
        self.fingerprint = fingerprint
        self.hasLogprobs = hasLogprobs
        id = Identifier.random(prefix: shape.idPrefix)
        created = WallClock.now.seconds
    }

    func members(object: String) -> JSONObject {
        JSONObject([
            (key: "id", value: .string(id)), (key: "object", value: .string(object)),
            (key: "created", value: .integer(created)), (key: "model", value: .string(model)),
            (key: "system_fingerprint", value: .string(fingerprint)),
        ])
    }
}

extension FinishReason {
    /// `finish_reason`
    var word: String {
        switch self {
        case .stop, .stopString: "stop"
        case .length: "length"
        }
    }
}
