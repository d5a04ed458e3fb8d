import Engine
import JSON
import Services

extension Conversation.Message {
    /// An element of `messages`.
    init(_ fields: Fields) throws {
        let role = try fields.required("role")
        guard ChatTemplate.roles.contains(role) else {
            throw APIError.invalid(
                param: fields.full("role"),
                "is unknown, expected \(ChatTemplate.roles.joined(separator: ", "))")
        }
        let others = fields.object.members.filter { !Self.read.contains($0.key) }
        self.init(role: role, content: try Self.content(fields), members: JSONObject(others))
        reasoning = try fields.string("reasoning_content") ?? fields.string("reasoning")
        toolCallID = try fields.string("tool_call_id")
        name = try fields.string("name")
        toolCalls = try (fields.array("tool_calls") ?? []).enumerated().map { index, call in
            try ToolCall(call, index, path: "\(fields.full("tool_calls"))[\(index)]")
        }
    }

    /// The members that are not passed to the template as they are.
    private static let read: Set = [
        "role", "content", "reasoning_content", "reasoning", "tool_call_id", "name", "tool_calls",
    ]

    /// A text, or an array of parts.
    private static func content(_ fields: Fields) throws -> [Conversation.ContentPart]? {
        guard let value = fields.value("content") else {
            let others = ["tool_calls", "function_call", "reasoning_content", "reasoning"]
            if others.contains(where: { fields.value($0) != nil }) { return nil }
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

extension ToolCall {
    /// An element of an assistant's `tool_calls`.
    ///
    /// - Parameter index: makes the id of a call that has none.
    fileprivate init(_ call: JSONValue, _ index: Int, path: String) throws {
        guard let object = call.object else {
            throw APIError.invalid(param: path, "is \(call.shown), expected an object")
        }
        let fields = Fields(object, path: path)
        if let type = try fields.string("type"), type != "function" {
            throw APIError.unsupported(
                param: fields.full("type"), "is not \"function\", which is all that is called")
        }
        guard let function = try fields.fields("function") else {
            throw APIError.missing(
                param: fields.full("function"), expected: "an object with 'name' and 'arguments'")
        }
        self.init(
            id: try fields.string("id") ?? "call_\(index)", name: try function.required("name"),
            arguments: try Self.arguments(function))
    }

    /// The text of an object; some clients send the object itself.
    private static func arguments(_ function: Fields) throws -> String {
        guard let value = function.value("arguments") else { return "{}" }
        if let text = value.string { return text }
        guard value.object != nil else {
            throw function.wrong("arguments", value, expected: "a string of JSON")
        }
        return value.serialized(.python)
    }
}
