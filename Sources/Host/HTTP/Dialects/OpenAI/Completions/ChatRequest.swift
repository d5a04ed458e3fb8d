import Engine
import JSON
import Services

/// The body of `POST /v1/chat/completions`.
struct ChatRequest: Sendable {
    let conversation: Conversation
    let stream: StreamOptions

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        var conversation = try Conversation(fields)
        conversation.generation = try GenerationOptions(fields, defaults: defaults)
        conversation.generation.request.logprobs = try GenerationOptions.chatLogprobs(fields)
        stream = try StreamOptions(fields)
        try conversation.generation.refuseStream(stream)
        self.conversation = conversation
    }
}

extension GenerationOptions {
    /// For how many of the likeliest tokens at each place; nil: for none, and not for the token itself.
    static func chatLogprobs(_ fields: Fields) throws -> Int? {
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
        try readTools(fields)
        reasoning = try ReasoningOptions(fields)
        templateName = try fields.string("chat_template")
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
