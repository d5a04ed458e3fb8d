import Engine
import JSON
import Services

/// The body of `POST /api/generate`: a question, or with `raw` a text to go on from.
struct OllamaGenerateRequest: Sendable {
    enum Prompt: Sendable {
        /// Only loads the model.
        case none
        case conversation(Conversation)
        /// Without the chat template.
        case raw(String)
    }

    let model: String
    let prompt: Prompt
    let generation: GenerationOptions
    let keepAlive: OllamaKeepAlive
    let streams: Bool

    init(_ fields: Fields, _ models: Models) throws {
        model = try models.ollamaModel(fields)
        keepAlive = OllamaKeepAlive(fields)
        streams = try fields.bool("stream") ?? true
        let isRaw = try fields.bool("raw") ?? false
        let generation = try GenerationOptions(
            ollama: fields, model: model,
            models.sampling(of: model, for: isRaw ? .completion : .chat))
        self.generation = generation
        let text = try fields.string("prompt") ?? ""
        let system = try fields.string("system") ?? ""
        let context = try fields.tokenIDs("context") ?? []
        let reasoning = try ReasoningOptions(ollama: fields)
        if isRaw {
            for (key, isThere) in [("system", !system.isEmpty), ("context", !context.isEmpty)]
            where isThere {
                throw APIError.unsupported(
                    param: key, "is given beside 'raw', whose prompt is all that is read")
            }
        }
        guard !text.isEmpty else {
            prompt = .none
            return
        }
        guard !isRaw else {
            prompt = .raw(text)
            return
        }
        let messages = (system.isEmpty ? [] : [("system", system)]) + [("user", text)]
        var conversation = Conversation(
            messages: messages.map {
                Conversation.Message(role: $0.0, content: [.text($0.1)])
            })
        conversation.preceding = context
        conversation.reasoning = reasoning
        conversation.generation = generation
        prompt = .conversation(conversation)
    }
}
