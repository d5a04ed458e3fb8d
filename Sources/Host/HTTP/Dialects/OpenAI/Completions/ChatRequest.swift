import Engine
import JSON

/// The body of `POST /v1/chat/completions`.
struct ChatRequest: Sendable {
    let conversation: Conversation
    let stream: StreamOptions

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        var conversation = try Conversation(fields)
        conversation.generation = try GenerationOptions(fields, defaults: defaults)
        conversation.generation.request.logprobs = try Self.logprobs(fields)
        self.conversation = conversation
        stream = try StreamOptions(fields)
    }

    /// For how many of the likeliest tokens at each place; nil: for none, and not for the token itself.
    private static func logprobs(_ fields: Fields) throws -> Int? {
        let isWanted = try fields.bool("logprobs") ?? false
        let top = try fields.integer("top_logprobs", in: 0...20)
        if top != nil, !isWanted {
            throw APIError.invalid(param: "top_logprobs", "is given, but 'logprobs' is not true")
        }
        return isWanted ? top ?? 0 : nil
    }
}

extension Conversation {
    /// The messages and how they are made into a prompt; of the generation nothing.
    init(_ fields: Fields) throws {
        guard let elements = try fields.array("messages"), !elements.isEmpty else {
            throw APIError.missing(param: "messages", expected: "an array of at least one message")
        }
        self.init(
            messages: try elements.enumerated().map { index, element in
                let path = "messages[\(index)]"
                guard let object = element.object else {
                    throw APIError.invalid(param: path, "is \(element.shown), expected an object")
                }
                return try Message(Fields(object, path: path))
            })
        ending = try Self.ending(fields)
        let members = try fields.fields("chat_template_kwargs")?.object.members ?? []
        templateArguments = Dictionary(
            members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    private static func ending(_ fields: Fields) throws -> Ending {
        let continues = try fields.bool("continue_final_message") ?? false
        let answers = try fields.bool("add_generation_prompt") ?? !continues
        if continues, answers {
            throw APIError.invalid(
                param: "continue_final_message",
                "is true, and so is 'add_generation_prompt'; a prompt ends with the last message or "
                    + "begins another")
        }
        if continues { return .text }
        return answers ? .answer : .message
    }
}

extension Conversation.Message {
    fileprivate init(_ fields: Fields) throws {
        let role = try fields.required("role")
        guard ChatTemplate.roles.contains(role) else {
            throw APIError.invalid(
                param: fields.full("role"),
                "is unknown, expected \(ChatTemplate.roles.joined(separator: ", "))")
        }
        let others = fields.object.members.filter { !["role", "content"].contains($0.key) }
        self.init(role: role, content: try Self.content(fields), members: JSONObject(others))
    }

    /// A text, or an array of parts.
    private static func content(_ fields: Fields) throws -> [Conversation.ContentPart]? {
        guard let value = fields.value("content") else {
            if fields.value("tool_calls") != nil { return nil }
            throw APIError.missing(param: fields.full("content"), expected: "a string")
        }
        if let text = value.string { return [.text(text)] }
        guard let parts = value.array else {
            throw fields.wrong("content", value, expected: "a string or an array of text parts")
        }
        return try parts.enumerated().map { index, part in
            try Conversation.ContentPart(part, path: "\(fields.full("content"))[\(index)]")
        }
    }
}

extension Conversation.ContentPart {
    fileprivate init(_ part: JSONValue, path: String) throws {
        guard let object = part.object else {
            throw APIError.invalid(param: path, "is \(part.shown), expected an object")
        }
        let fields = Fields(object, path: path)
        guard try fields.required("type") == "text" else {
            throw APIError.unsupported(param: path, "is not text, which is all this model reads")
        }
        self = .text(try fields.required("text"))
    }
}
