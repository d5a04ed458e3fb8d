import Engine
import JSON
import Services

/// The body of `POST /v1/responses` and of `POST /v1/responses/input_tokens`, apart from the
/// conversation that it goes on from.
struct ResponseRequest: Sendable {
    /// What it adds to the conversation.
    let items: [JSONValue]
    let instructions: String?
    let previous: String?
    let tools: [Tool]
    let toolChoice: ToolChoice
    let parallelToolCalls: Bool
    let reasoning: ReasoningOptions
    let generation: GenerationOptions
    let streams: Bool
    /// Whether it goes on when the client has left.
    let isBackground: Bool
    /// Whether the response is kept.
    let isStored: Bool
    /// The members that the response repeats as they came.
    let repeated: JSONObject

    init(_ fields: Fields, defaults: (String?) -> SamplingParameters) throws {
        items = try ResponseItems.items(fields)
        instructions = try fields.string("instructions")
        previous = try fields.string("previous_response_id")
        guard !items.isEmpty || previous != nil else {
            throw APIError.missing(param: "input", expected: "a string or an array of items")
        }
        tools = try ResponseTools.tools(fields)
        toolChoice = try ResponseTools.choice(fields, among: tools)
        parallelToolCalls = try fields.bool("parallel_tool_calls") ?? true
        reasoning = try Self.reasoning(fields)
        streams = try fields.bool("stream") ?? false
        isBackground = try fields.bool("background") ?? false
        isStored = try fields.bool("store") ?? true
        if isBackground, !isStored {
            throw APIError.invalid(
                param: "store", "is false beside 'background', whose response has to be kept")
        }
        if isBackground, streams {
            throw APIError.unsupported(
                param: "stream",
                "is not supported beside 'background'; ask for the response by its id until it is "
                    + "there")
        }
        generation = try Self.generation(fields, defaults: defaults)
        repeated = Self.repeated(fields)
    }

    private static func generation(
        _ fields: Fields, defaults: (String?) -> SamplingParameters
    ) throws -> GenerationOptions {
        var generation = GenerationOptions()
        generation.model = try fields.string("model")
        generation.request.sampling = try SamplingParameters(
            fields, defaults: defaults(generation.model))
        generation.request.maxTokens = try fields.integer("max_output_tokens", in: 0...Int.max)
        generation.request.logprobs = try logprobs(fields)
        generation.form = try form(fields)
        return generation
    }

    /// Log probabilities come where `include` asks for them, or where `top_logprobs` does.
    private static func logprobs(_ fields: Fields) throws -> Int? {
        let top = try fields.integer("top_logprobs", in: 0...20)
        let wanted = "message.output_text.logprobs"
        for (index, element) in (try fields.array("include") ?? []).enumerated() {
            // Without thoughts to hide there are none to encrypt.
            guard [wanted, "reasoning.encrypted_content"].contains(element.string) else {
                throw APIError.unsupported(
                    param: "include[\(index)]", "is not supported, only \"\(wanted)\"")
            }
        }
        let isIncluded = try fields.array("include")?.contains(.string(wanted)) ?? false
        return isIncluded || (top ?? 0) > 0 ? top ?? 0 : nil
    }

    private static func reasoning(_ fields: Fields) throws -> ReasoningOptions {
        var options = ReasoningOptions()
        if let text = try fields.fields("text") {
            if let verbosity = try text.string("verbosity"), verbosity != "medium" {
                throw APIError.unsupported(
                    param: "text.verbosity", "is not supported; ask for it in the instructions")
            }
        }
        guard let reasoning = try fields.fields("reasoning") else { return options }
        // Thoughts are told as they are, not in a summary.
        _ = (reasoning.value("summary"), reasoning.value("generate_summary"))
        guard let effort = try reasoning.string("effort") else { return options }
        let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
        guard efforts.contains(effort) else {
            throw APIError.invalid(
                param: "reasoning.effort",
                "is unknown, expected \(efforts.joined(separator: ", "))")
        }
        options.isEnabled = effort != "none"
        options.effort = effort == "none" ? nil : effort
        return options
    }

    /// `text.format`, whose schema has no object of its own.
    private static func form(_ fields: Fields) throws -> OutputForm? {
        guard let format = try fields.fields("text")?.fields("format") else { return nil }
        switch try format.required("type") {
        case "text": return nil
        case "json_object": return .anyObject(param: format.full("type"))
        case "json_schema":
            _ = try (format.string("name"), format.string("description"), format.bool("strict"))
            guard let form = try OutputForm.schema(format, "schema") else {
                throw APIError.missing(param: format.full("schema"), expected: "a JSON Schema")
            }
            return form
        default:
            throw APIError.invalid(
                param: format.full("type"),
                "is unknown, expected text, json_object or json_schema")
        }
    }

    /// With the values that stand for those that are not there.
    private static func repeated(_ fields: Fields) -> JSONObject {
        let members: [(String, JSONValue)] = [
            ("instructions", nil), ("max_output_tokens", nil), ("parallel_tool_calls", true),
            ("previous_response_id", nil), ("reasoning", ["effort": nil, "summary": nil]),
            ("store", true), ("temperature", nil), ("text", ["format": ["type": "text"]]),
            ("tool_choice", "auto"), ("tools", []), ("top_p", nil), ("top_logprobs", 0),
            ("user", nil), ("metadata", [:]),
        ]
        var repeated = JSONObject(members.map { (key: $0.0, value: fields.value($0.0) ?? $0.1) })
        repeated["truncation"] = "disabled"
        return repeated
    }

    /// - Parameter earlier: the messages that it goes on from.
    func conversation(_ earlier: [StoredResponse]) throws -> Conversation {
        var reader = ResponseItems()
        if let instructions { reader.add(instructions: instructions) }
        for response in earlier {
            let input = (try? JSONValue(parsing: response.input))?.array ?? []
            let output = (try? JSONValue(parsing: response.body))?["output"]?.array ?? []
            try reader.add(input + output, at: "previous_response_id")
        }
        try reader.add(items, at: "input")
        var conversation = Conversation(messages: reader.messages)
        conversation.tools = tools
        conversation.toolChoice = toolChoice
        conversation.parallelToolCalls = parallelToolCalls
        conversation.reasoning = reasoning
        conversation.generation = generation
        return conversation
    }
}
