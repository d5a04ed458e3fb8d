import JSON

/// What a chat template writes of a conversation, found by rendering small ones.
package struct TemplateAbilities: Sendable, Hashable {
    /// The tools of the variable `tools`.
    package var writesTools = false
    /// The tools that a system message has as its member `tools`, in a string.
    package var writesToolsOfSystem = false
    /// The calls of an assistant's message.
    package var writesCalls = false
    /// The messages of the role `tool`.
    package var writesAnswers = false
    /// The messages of the role `system`.
    package var writesSystem = false
}

extension ChatTemplate {
    /// Renders a handful of conversations with it.
    package func abilities() -> TemplateAbilities {
        TemplateAbilities(
            writesTools: source.contains("tools")
                && writes([[user], [system, user]], tools: tools),
            writesToolsOfSystem: writes([[systemWithTools, user]], tools: nil),
            writesCalls: source.contains("tool_calls")
                && writes([[user, call, answer], [user, call]], tools: otherTools),
            writesAnswers: writes([[user, otherCall, needleAnswer]], tools: otherTools),
            writesSystem: writes([[needleSystem, user]], tools: nil))
    }

    private static let needle = "probe_needle"

    /// Whether the needle of one of the conversations is in its prompt.
    private func writes(_ conversations: [[JSONObject]], tools: JSONValue?) -> Bool {
        conversations.contains { messages in
            let prompt = try? render(
                messages: .array(adapted(messages).map { .object($0) }), tools: tools,
                addGenerationPrompt: true, bosToken: "", eosToken: "")
            return prompt?.text.contains(exactly: Self.needle) ?? false
        }
    }

    private var user: JSONObject { message("user", "Hi") }
    private var system: JSONObject { message("system", "Be kind.") }
    private var needleSystem: JSONObject { message("system", Self.needle) }
    private var tools: JSONValue { [Self.tool(Self.needle)] }
    private var otherTools: JSONValue { [Self.tool("other")] }
    private var call: JSONObject { Self.call(Self.needle) }
    private var otherCall: JSONObject { Self.call("other") }
    private var answer: JSONObject { Self.answer("Done") }
    private var needleAnswer: JSONObject { Self.answer(Self.needle) }

    private var systemWithTools: JSONObject {
        var message = system
        message["tools"] = .string(tools.serialized(.python))
        return message
    }

    private func message(_ role: String, _ content: String) -> JSONObject {
        JSONObject([(key: "role", value: .string(role)), (key: "content", value: .string(content))])
    }

    private static func tool(_ name: String) -> JSONValue {
        [
            "type": "function",
            "function": [
                "name": .string(name), "description": "",
                "parameters": ["type": "object", "properties": ["query": ["type": "string"]]],
            ],
        ]
    }

    private static func call(_ name: String) -> JSONObject {
        let call: JSONValue = [
            "id": "call00000", "type": "function",
            "function": ["name": .string(name), "arguments": "{\"query\": \"x\"}"],
        ]
        return JSONObject([
            (key: "role", value: "assistant"), (key: "content", value: ""),
            (key: "tool_calls", value: .array([call])),
        ])
    }

    private static func answer(_ content: String) -> JSONObject {
        JSONObject([
            (key: "role", value: "tool"), (key: "tool_call_id", value: "call00000"),
            (key: "name", value: "other"), (key: "content", value: .string(content)),
        ])
    }
}
