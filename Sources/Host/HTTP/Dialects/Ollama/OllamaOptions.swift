import Engine
import JSON
import Services

extension GenerationOptions {
    /// What `/api/chat` and `/api/generate` say of the generation, most of it in `options`.
    ///
    /// - Parameter model: resolved.
    init(ollama fields: Fields, model: String, _ defaults: SamplingParameters) throws {
        let options =
            try fields.fields("options", .ollamaOptions)
            ?? Fields(JSONObject(), path: "options")
        self.init()
        self.model = model
        request.sampling = try SamplingParameters(options, defaults: defaults)
        request.stop = try Self.stop(options, "stop")
        request.maxTokens = try options.integer("max_tokens", in: 0...Int.max)
        request.logprobs = try Self.chatLogprobs(fields)
        form = try OutputForm(ollama: fields)
    }
}

extension OutputForm {
    /// `format`: `"json"` or a JSON Schema; an empty text says nothing.
    fileprivate init?(ollama fields: Fields) throws {
        let found: OutputForm?
        switch fields.value("format") {
        case nil, "": return nil
        case "json": found = .anyObject(param: "format")
        case .string:
            throw APIError.invalid(
                param: "format", "is unknown, expected \"json\" or a JSON Schema")
        default: found = try .schema(fields, "format")
        }
        guard let found else { return nil }
        self = found
    }
}

extension ReasoningOptions {
    /// `think`: true, false, or how much.
    init(ollama fields: Fields) throws {
        self.init()
        guard let value = fields.value("think") else { return }
        switch value {
        case .bool(let thinks): isEnabled = thinks
        case .string(let effort) where ["low", "medium", "high", "max"].contains(effort):
            isEnabled = true
            self.effort = effort
        default:
            throw fields.wrong(
                "think", value, expected: "true, false, \"low\", \"medium\" or \"high\"")
        }
    }
}
