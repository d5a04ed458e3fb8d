import Engine
import JSON
import Services

/// The body of `POST /api/chat`.
struct OllamaChatRequest: Sendable {
    let model: String
    /// Nil for one that only loads the model.
    let conversation: Conversation?
    let keepAlive: OllamaKeepAlive
    let streams: Bool

    init(_ fields: Fields, _ models: Models) throws {
        model = try models.ollamaModel(fields)
        keepAlive = OllamaKeepAlive(fields)
        streams = try fields.bool("stream") ?? true
        let generation = try GenerationOptions(
            ollama: fields, model: model, models.sampling(of: model, for: .chat))
        let elements = try fields.array("messages") ?? []
        let reasoning = try ReasoningOptions(ollama: fields)
        guard !elements.isEmpty else {
            conversation = nil
            return
        }
        var reader = OllamaMessages()
        for (index, element) in elements.enumerated() {
            try reader.read(element.fields(at: "messages[\(index)]"))
        }
        var conversation = Conversation(messages: reader.messages)
        try conversation.readTools(fields)
        // A reply that the assistant has begun goes on.
        if let last = reader.messages.last, last.role == "assistant", last.toolCalls.isEmpty {
            conversation.ending = .text
        }
        conversation.reasoning = reasoning
        conversation.generation = generation
        self.conversation = conversation
    }
}

/// `keep_alive`: how long a model stays loaded is the settings' business. Only 0 in a request without a
/// prompt, which unloads a model, asks for something.
struct OllamaKeepAlive: Sendable {
    let isZero: Bool

    init(_ fields: Fields) {
        let value = fields.value("keep_alive")
        isZero = value?.number == 0 || ["0", "0s", "0m"].contains(value?.string)
    }
}

/// The messages of a chat, whose calls have no ids: an answer belongs to the first open call of its
/// tool.
private struct OllamaMessages {
    private(set) var messages: [Conversation.Message] = []
    private var openCalls: [ToolCall] = []
    private var calls = 0

    mutating func read(_ fields: Fields) throws {
        let role = try fields.required("role")
        guard ["system", "developer", "user", "assistant", "tool"].contains(role) else {
            throw APIError.invalid(
                param: fields.full("role"), "is unknown, expected system, user, assistant or tool")
        }
        if try fields.array("images")?.isEmpty == false {
            throw APIError.unsupported(
                param: fields.full("images"), "is not supported: text models read no images")
        }
        let toolCalls = try (fields.array("tool_calls") ?? []).enumerated().map { index, element in
            try call(element.fields(at: "\(fields.full("tool_calls"))[\(index)]"))
        }
        let text = try fields.string("content")
        let isEmpty = text?.isEmpty ?? true
        var message = Conversation.Message(
            role: role, content: isEmpty && !toolCalls.isEmpty ? nil : [.text(text ?? "")])
        message.reasoning = try fields.string("thinking")
        message.toolCalls = toolCalls
        openCalls += toolCalls
        if role == "tool" {
            message.name = try fields.string("tool_name") ?? fields.string("name")
            message.toolCallID = try fields.string("tool_call_id") ?? close(message.name)
        }
        messages.append(message)
    }

    private mutating func call(_ fields: Fields) throws -> ToolCall {
        guard let function = try fields.fields("function") else {
            throw APIError.missing(param: fields.full("function"), expected: "an object")
        }
        calls += 1
        return ToolCall(
            id: try fields.string("id") ?? "call_\(calls)", name: try function.required("name"),
            arguments: JSONValue.object(
                try function.fields("arguments")?.object ?? JSONObject()
            ).serialized())
    }

    /// The id of the call that an answer of this tool belongs to.
    private mutating func close(_ tool: String?) -> String? {
        let index = openCalls.firstIndex { tool == nil || $0.name == tool }
        return index.map { openCalls.remove(at: $0).id }
    }
}
