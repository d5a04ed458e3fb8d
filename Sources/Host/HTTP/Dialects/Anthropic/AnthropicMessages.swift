import JSON
import Services

/// `system` and `messages`, as a conversation has them: the results of tools are messages of their
/// own, and turns of one author that follow each other are one.
struct AnthropicMessages {
    private(set) var messages: [Conversation.Message] = []
    /// Which tool each call was of.
    private var tools: [String: String] = [:]

    init(_ fields: Fields) throws {
        if let system = try Self.system(fields) {
            messages.append(Conversation.Message(role: "system", content: system))
        }
        guard let elements = try fields.array("messages"), !elements.isEmpty else {
            throw APIError.missing(param: "messages", expected: "an array of at least one message")
        }
        for (index, element) in elements.enumerated() {
            try read(element.fields(at: "messages[\(index)]"))
        }
    }

    private static func system(_ fields: Fields) throws -> [Conversation.ContentPart]? {
        guard let value = fields.value("system") else { return nil }
        return try texts(value, "system")
    }

    /// A string, or blocks of text.
    private static func texts(
        _ value: JSONValue, _ path: String
    ) throws -> [Conversation.ContentPart] {
        if let text = value.string { return [.text(text)] }
        guard let blocks = value.array else {
            throw APIError.invalid(
                param: path, "is \(value.shown), expected a string or an array of blocks")
        }
        return try blocks.enumerated().map { index, block in
            let fields = try block.fields(at: "\(path)[\(index)]")
            guard try fields.required("type") == "text" else { throw unreadable(fields) }
            return .text(try fields.required("text"))
        }
    }

    private mutating func read(_ fields: Fields) throws {
        let role = try fields.required("role")
        guard ["user", "assistant", "system"].contains(role) else {
            throw APIError.invalid(
                param: fields.full("role"), "is unknown, expected user, assistant or system")
        }
        guard let content = fields.value("content") else {
            throw APIError.missing(
                param: fields.full("content"), expected: "a string or an array of blocks")
        }
        let path = fields.full("content")
        guard let blocks = content.array else {
            return add(role, try Self.texts(content, path))
        }
        for (index, block) in blocks.enumerated() {
            try read(block.fields(at: "\(path)[\(index)]"), of: role)
        }
    }

    private mutating func read(_ block: Fields, of role: String) throws {
        switch (try block.required("type"), role) {
        case ("text", _): add(role, [.text(try block.required("text"))])
        case ("thinking", "assistant"): add(reasoning: try block.required("thinking"))
        case ("tool_use", "assistant"): add(try Self.call(block))
        case ("tool_result", "user"): try addResult(block)
        case ("thinking", _), ("tool_use", _), ("tool_result", _):
            throw APIError.invalid(
                param: block.full("type"), "is not of a message of the role \"\(role)\"")
        default: throw Self.unreadable(block)
        }
    }

    private static func unreadable(_ block: Fields) -> APIError {
        let type = (try? block.string("type")) ?? ""
        let remedy =
            switch type {
            case "image": "this model reads no images; leave it out"
            case "document", "search_result": "send its text as a block of the type \"text\""
            default: "expected text, thinking, tool_use or tool_result"
            }
        return .unsupported(
            param: block.full("type"),
            "is \"\(type.prefix(64))\", which is not supported; \(remedy)")
    }

    private static func call(_ block: Fields) throws -> ToolCall {
        ToolCall(
            id: try block.required("id"), name: try block.required("name"),
            arguments: JSONValue.object(try block.fields("input")?.object ?? JSONObject())
                .serialized())
    }

    // MARK: - Adding

    /// Whether what comes next belongs to the last message.
    private func isOpen(for role: String) -> Bool { messages.last?.role == role }

    private mutating func add(_ role: String, _ parts: [Conversation.ContentPart]) {
        if role != "system", isOpen(for: role) {
            messages[messages.count - 1].content = (messages.last?.content ?? []) + parts
        } else {
            messages.append(Conversation.Message(role: role, content: parts))
        }
    }

    private mutating func openAssistant() {
        if isOpen(for: "assistant") { return }
        messages.append(Conversation.Message(role: "assistant", content: nil))
    }

    private mutating func add(reasoning: String) {
        openAssistant()
        let last = messages.count - 1
        messages[last].reasoning = (messages[last].reasoning ?? "") + reasoning
    }

    private mutating func add(_ call: ToolCall) {
        openAssistant()
        messages[messages.count - 1].toolCalls.append(call)
        tools[call.id] = call.name
    }

    /// The answer to a call, under the name of its tool, which some templates need.
    private mutating func addResult(_ block: Fields) throws {
        let id = try block.required("tool_use_id")
        guard let tool = tools[id] else {
            throw APIError.invalid(
                param: block.full("tool_use_id"),
                "is the id of no tool_use in the messages before it")
        }
        let content = try block.value("content").map {
            try Self.texts($0, block.full("content"))
        }
        var message = Conversation.Message(role: "tool", content: content ?? [.text("")])
        message.toolCallID = id
        message.name = tool
        messages.append(message)
    }
}
