import Engine
import JSON
import Services

/// The body of `POST /v1/messages` and of `POST /v1/messages/count_tokens`.
struct MessagesRequest: Sendable {
    let conversation: Conversation
    let streams: Bool
    /// Whether the reply tells what the model thinks: only where the request speaks of thinking, so
    /// that the first block of every other reply is its text.
    let showsThinking: Bool

    /// - Parameter defaults: what a model's settings say of sampling; nil is the default model.
    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        let thinking = try ThinkingField(fields)
        showsThinking = thinking.isShown
        var conversation = Conversation(messages: try AnthropicMessages(fields).messages)
        conversation.ending = try Self.ending(conversation.messages)
        conversation.tools = try AnthropicTools.tools(fields)
        (conversation.toolChoice, conversation.parallelToolCalls) =
            try AnthropicTools.choice(fields, among: conversation.tools)
        conversation.reasoning = thinking.options
        conversation.reasoning.isShown = showsThinking
        conversation.generation = try Self.generation(fields, defaults: defaults)
        self.conversation = conversation
        streams = try fields.bool("stream") ?? false
    }

    /// A reply to a conversation that the assistant has begun to answer goes on from there.
    private static func ending(_ messages: [Conversation.Message]) throws -> Conversation.Ending {
        guard let last = messages.last, last.role == "assistant" else { return .answer }
        guard last.toolCalls.isEmpty else {
            throw APIError.invalid(
                param: "messages", "end with calls of tools, expected their results behind them")
        }
        return .text
    }

    /// `output_config.format`: `{"type": "json_schema", "schema": {…}}`
    private static func form(_ fields: Fields) throws -> OutputForm? {
        guard let format = try fields.fields("output_config")?.fields("format") else { return nil }
        guard try format.required("type") == "json_schema" else {
            throw APIError.invalid(
                param: format.full("type"), "is unknown, expected \"json_schema\"")
        }
        guard let form = try OutputForm.schema(format, "schema") else {
            throw APIError.missing(param: format.full("schema"), expected: "a JSON Schema")
        }
        return form
    }

    private static func generation(
        _ fields: Fields, defaults: (String?) -> SamplingParameters
    ) throws -> GenerationOptions {
        var generation = GenerationOptions()
        generation.model = try fields.string("model")
        generation.request.sampling = try SamplingParameters(
            fields, defaults: defaults(generation.model))
        generation.request.maxTokens = try fields.integer("max_tokens", in: 0...Int.max)
        generation.request.stop = try GenerationOptions.stop(fields, "stop_sequences")
        generation.form = try form(fields)
        return generation
    }
}

/// `thinking` and `output_config.effort`.
private struct ThinkingField {
    private(set) var options = ReasoningOptions()
    private(set) var isShown = false

    init(_ fields: Fields) throws {
        options.effort = try fields.fields("output_config")?.string("effort")
        guard let thinking = try fields.fields("thinking") else {
            options.isEnabled = false
            return
        }
        switch try thinking.required("type") {
        case "enabled":
            options.isEnabled = true
            options.budget = try thinking.integer("budget_tokens", in: 1...Int.max)
        // The template decides.
        case "adaptive": break
        case "disabled":
            options.isEnabled = false
            return
        default:
            throw APIError.unsupported(
                param: "thinking.type", "is unknown, expected enabled, adaptive or disabled")
        }
        isShown = try thinking.string("display") != "omitted"
    }
}
