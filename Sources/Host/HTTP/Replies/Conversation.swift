package import JSON
package import Services

/// What a client wants of a chat model, whatever API it says it in.
package struct Conversation: Sendable {
    package struct Message: Sendable {
        /// One of `ChatTemplate.roles`.
        package var role: String
        /// Nil for one that only calls tools.
        package var content: [ContentPart]?
        /// What the assistant thought before it wrote this.
        package var reasoning: String?
        /// The calls of an assistant's message.
        package var toolCalls: [ToolCall] = []
        /// Of a tool's answer: the call that it answers.
        package var toolCallID: String?
        /// Of its author; of a tool's answer, the tool.
        package var name: String?
        /// What else chat templates may read of it.
        package var members: JSONObject

        package init(role: String, content: [ContentPart]?, members: JSONObject = JSONObject()) {
            self.role = role
            self.content = content
            self.members = members
        }
    }

    package enum ContentPart: Sendable {
        case text(String)
    }

    /// Where the prompt ends.
    package enum Ending: Sendable {
        /// Where the assistant's answer begins.
        case answer
        /// Behind the last message.
        case message
        /// At the end of the last message's text, which the model continues.
        case text
    }

    package var messages: [Message]
    package var ending = Ending.answer
    package var tools: [Tool] = []
    package var toolChoice = ToolChoice.auto
    /// Whether a reply may hold several calls.
    package var parallelToolCalls = true
    package var reasoning = ReasoningOptions()
    /// Tokens of an earlier conversation, which stand before the prompt.
    var preceding: [Int32] = []
    /// The name of one of the model's chat templates; nil for the usual one.
    package var templateName: String?
    /// Further variables of the chat template.
    package var templateArguments: [String: JSONValue] = [:]
    package var generation = GenerationOptions()

    package init(messages: [Message]) {
        self.messages = messages
    }
}

extension Conversation {
    /// Its prompt behind the earlier conversation; a text begins once.
    func continued(_ prompt: [Int32], _ bos: Int32?) -> [Int32] {
        if preceding.isEmpty { return prompt }
        return preceding + prompt.dropFirst(bos != nil && prompt.first == bos ? 1 : 0)
    }
}

extension Conversation.Message {
    /// The texts of its parts, a line each.
    var text: String? {
        content?.map { part in
            switch part {
            case .text(let text): text
            }
        }.joined(separator: "\n")
    }

    /// As chat templates read it.
    var object: JSONObject {
        var object = JSONObject([(key: "role", value: .string(role))])
        object["content"] = text.map { .string($0) }
        object["name"] = name.map { .string($0) }
        object["reasoning_content"] = reasoning.map { .string($0) }
        if !toolCalls.isEmpty { object["tool_calls"] = .array(toolCalls.map(\.json)) }
        object["tool_call_id"] = toolCallID.map { .string($0) }
        for member in members.members { object[member.key] = member.value }
        return object
    }
}
