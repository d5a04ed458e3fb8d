import Engine
import JSON

/// The body of `POST /v1/chat/completions`.
struct ChatRequest {
    var generation: GenerationFields
    var conversation: ChatMessages
    /// Report each token's log probability and those of this many likeliest tokens.
    var logprobs: Int?

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        generation = try GenerationFields(fields, defaults: defaults)
        conversation = try ChatMessages(fields)
        let isWanted = try fields.bool("logprobs") ?? false
        let top = try fields.integer("top_logprobs", in: 0...20)
        if top != nil, !isWanted {
            throw APIError.invalid(param: "top_logprobs", "is given, but 'logprobs' is not true")
        }
        logprobs = isWanted ? top ?? 0 : nil
    }

    func request(_ prompt: [Int32], choice index: Int) -> GenerationRequest {
        var request = generation.request(prompt, choice: index)
        request.logprobs = logprobs
        return request
    }
}

/// The messages of a chat and how they are made into a prompt.
struct ChatMessages: Sendable {
    /// An array of objects, each with a role, and text where it has content.
    let messages: [JSONObject]
    /// Whether the prompt ends where the assistant's answer begins.
    let addsGenerationPrompt: Bool
    /// Whether the prompt ends where the text of the last message does, for the model to go on with it.
    let continuesFinal: Bool
    /// Further variables of the template.
    let extra: [String: JSONValue]

    init(_ fields: Fields) throws {
        guard let elements = try fields.array("messages"), !elements.isEmpty else {
            throw APIError.missing(param: "messages", expected: "an array of at least one message")
        }
        messages = try elements.enumerated().map { index, element in
            let path = "messages[\(index)]"
            guard let object = element.object else {
                throw APIError.invalid(param: path, "is \(element.shown), expected an object")
            }
            return try Self.message(Fields(object, path: path))
        }
        continuesFinal = try fields.bool("continue_final_message") ?? false
        addsGenerationPrompt = try fields.bool("add_generation_prompt") ?? !continuesFinal
        if continuesFinal, addsGenerationPrompt {
            throw APIError.invalid(
                param: "continue_final_message",
                "is true, and so is 'add_generation_prompt'; a prompt ends with the last message or "
                    + "begins another")
        }
        let members = try fields.fields("chat_template_kwargs")?.object.members ?? []
        extra = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    private static func message(_ fields: Fields) throws -> JSONObject {
        let role = try fields.required("role")
        guard ChatTemplate.roles.contains(role) else {
            throw APIError.invalid(
                param: fields.full("role"),
                "is unknown, expected \(ChatTemplate.roles.joined(separator: ", "))")
        }
        var message = fields.object
        if let content = try content(fields) { message["content"] = .string(content) }
        return message
    }

    /// Text as it is; the texts of an array of parts, a line each.
    private static func content(_ fields: Fields) throws -> String? {
        guard let value = fields.value("content") else {
            if fields.value("tool_calls") != nil { return nil }
            throw APIError.missing(param: fields.full("content"), expected: "a string")
        }
        if let text = value.string { return text }
        guard let parts = value.array else {
            throw fields.wrong("content", value, expected: "a string or an array of text parts")
        }
        return try parts.enumerated().map { index, part in
            try text(part, path: "\(fields.full("content"))[\(index)]")
        }.joined(separator: "\n")
    }

    private static func text(_ part: JSONValue, path: String) throws -> String {
        guard let object = part.object else {
            throw APIError.invalid(param: path, "is \(part.shown), expected an object")
        }
        let fields = Fields(object, path: path)
        guard try fields.required("type") == "text" else {
            throw APIError.unsupported(param: path, "is not text, which is all this model reads")
        }
        return try fields.required("text")
    }
}
