import Engine
import JSON
import Services

/// Items of a conversation in the Responses API, read as messages.
///
/// An assistant's thoughts, text and calls are items of their own and become one message.
struct ResponseItems {
    private(set) var messages: [Conversation.Message] = []
    private var tools: [String: String] = [:]

    /// `input` of a request as items: a string is a user's message.
    static func items(_ fields: Fields) throws -> [JSONValue] {
        guard let value = fields.value("input") else { return [] }
        if let text = value.string { return [["role": "user", "content": .string(text)]] }
        guard let items = value.array else {
            throw fields.wrong("input", value, expected: "a string or an array of items")
        }
        return items
    }

    mutating func add(instructions: String) {
        messages.append(
            Conversation.Message(role: "system", content: [.text(instructions)]))
    }

    /// - Parameter path: of the items in the request.
    mutating func add(_ items: [JSONValue], at path: String) throws {
        for (index, item) in items.enumerated() {
            try add(item.fields(at: "\(path)[\(index)]"))
        }
    }

    private mutating func add(_ item: Fields) throws {
        switch try item.string("type") ?? "message" {
        case "message": try addMessage(item)
        case "reasoning": try addReasoning(item)
        case "function_call": try addCall(item)
        case "function_call_output": try addOutput(item)
        case let type:
            throw APIError.unsupported(
                param: item.full("type"),
                "is \"\(type.prefix(64))\", expected message, reasoning, function_call or "
                    + "function_call_output")
        }
    }

    private mutating func addMessage(_ item: Fields) throws {
        let role = try item.required("role")
        guard ["user", "assistant", "system", "developer"].contains(role) else {
            throw APIError.invalid(
                param: item.full("role"),
                "is unknown, expected user, assistant, system or developer")
        }
        let content = try Self.content(item, "content")
        // Thoughts belong to the message behind them.
        if role == "assistant", let last = messages.last, last.role == role, last.content == nil,
            last.toolCalls.isEmpty
        {
            messages[messages.count - 1].content = content
        } else {
            messages.append(Conversation.Message(role: role, content: content))
        }
    }

    /// A string, or parts of text.
    private static func content(
        _ item: Fields, _ key: String
    ) throws -> [Conversation.ContentPart] {
        guard let value = item.value(key) else {
            throw APIError.missing(
                param: item.full(key), expected: "a string or an array of parts")
        }
        if let text = value.string { return [.text(text)] }
        guard let parts = value.array else {
            throw item.wrong(key, value, expected: "a string or an array of parts")
        }
        return try parts.enumerated().map { index, part in
            let part = try part.fields(at: "\(item.full(key))[\(index)]")
            switch try part.required("type") {
            case "input_text", "output_text", "text": return .text(try part.required("text"))
            case "refusal": return .text(try part.required("refusal"))
            case let type:
                throw APIError.unsupported(
                    param: part.full("type"),
                    "is \"\(type.prefix(64))\", and this model reads text only")
            }
        }
    }

    private mutating func addReasoning(_ item: Fields) throws {
        let parts = try (item.array("content") ?? []) + (item.array("summary") ?? [])
        let text = parts.compactMap { $0["text"]?.string }.joined(separator: "\n")
        if text.isEmpty { return }
        openAssistant(after: nil)
        messages[messages.count - 1].reasoning = text
    }

    private mutating func addCall(_ item: Fields) throws {
        let call = ToolCall(
            id: try item.required("call_id"), name: try item.required("name"),
            arguments: try item.required("arguments"))
        openAssistant(after: "assistant")
        messages[messages.count - 1].toolCalls.append(call)
        tools[call.id] = call.name
    }

    /// Begins an assistant's message, unless the last one, of the role `role`, goes on.
    private mutating func openAssistant(after role: String?) {
        if let role, messages.last?.role == role { return }
        messages.append(Conversation.Message(role: "assistant", content: nil))
    }

    private mutating func addOutput(_ item: Fields) throws {
        let id = try item.required("call_id")
        guard let tool = tools[id] else {
            throw APIError.invalid(
                param: item.full("call_id"), "is the id of no function_call before it")
        }
        var message = Conversation.Message(role: "tool", content: try Self.content(item, "output"))
        message.toolCallID = id
        message.name = tool
        messages.append(message)
    }
}

extension JSONValue {
    /// An item of a request as it is kept: with its type, its content in parts, and an id.
    var keptItem: JSONValue {
        guard var item = object else { return self }
        let type = item["type"]?.string ?? "message"
        item["type"] = .string(type)
        if type == "message", let text = item["content"]?.string {
            let part = item["role"] == "assistant" ? "output_text" : "input_text"
            var content = JSONObject([
                (key: "type", value: .string(part)), (key: "text", value: .string(text)),
            ])
            if part == "output_text" { content["annotations"] = [] }
            item["content"] = [.object(content)]
        }
        if item["id"]?.string == nil {
            let prefix = ["message": "msg_", "function_call": "fc_", "reasoning": "rs_"][type]
            item["id"] = .string(Identifier.random(prefix: prefix ?? "item_"))
        }
        if item["status"] == nil { item["status"] = "completed" }
        return .object(item)
    }
}
