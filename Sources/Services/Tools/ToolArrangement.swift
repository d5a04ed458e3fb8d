package import Engine
package import JSON

/// Brings tools, calls and their answers into a conversation as its chat template can write them.
///
/// What the template has a place for, it gets. Where it has none, an instruction in the system message
/// declares the tools, and calls and answers become the texts of messages.
package struct ToolArrangement: Sendable {
    private let abilities: TemplateAbilities
    private let format: ToolFormat
    /// The template takes ids of nine letters and digits only.
    package let hasShortIDs: Bool
    /// The member that the template reads thoughts from; nil if it reads none.
    private let reasoningKey: String?

    package init(_ template: ChatTemplate, _ format: ToolFormat) {
        let source = template.source
        abilities = template.abilities()
        self.format = format
        hasShortIDs =
            format == .mistral || format == .mistralArguments || source.contains("length != 9")
        reasoningKey = ["reasoning_content", "thinking", "reasoning"].first {
            source.contains(".\($0)") || source.contains("'\($0)'") || source.contains("\"\($0)\"")
        }
    }

    /// - Parameters:
    ///   - messages: in OpenAI's form.
    ///   - mustCall: a call is required.
    /// - Returns: the messages and the variable `tools`.
    package func arranged(
        _ messages: [JSONObject], tools: [Tool], mustCall: Bool
    ) -> (messages: [JSONObject], tools: JSONValue?) {
        var messages = withNames(messages).map(withReasoning)
        if hasShortIDs { messages = messages.map(withShortIDs) }
        if !abilities.writesCalls { messages = messages.map(withCallsAsText) }
        if !abilities.writesAnswers { messages = withAnswersAsText(messages) }
        guard !tools.isEmpty else { return (messages, nil) }
        if abilities.writesTools { return (messages, .array(tools.map(\.json))) }
        if abilities.writesToolsOfSystem {
            let functions = tools.compactMap { $0.json["function"] }
            edit(systemOf: &messages) {
                $0["tools"] = .string(JSONValue.array(functions).serialized(.python))
            }
        } else {
            addInstruction(instruction(tools, mustCall: mustCall), to: &messages)
        }
        return (messages, nil)
    }
}

// MARK: - Messages

extension ToolArrangement {
    /// An answer names its tool, which some templates write.
    private func withNames(_ messages: [JSONObject]) -> [JSONObject] {
        var names: [String: String] = [:]
        return messages.map { message in
            for call in message["tool_calls"]?.array ?? [] {
                guard let id = call["id"]?.string else { continue }
                names[id] = call["function"]?["name"]?.string
            }
            guard message["role"] == "tool", message["name"] == nil,
                let name = message["tool_call_id"]?.string.flatMap({ names[$0] })
            else { return message }
            var message = message
            message["name"] = .string(name)
            return message
        }
    }

    /// Thoughts are under the name that the template reads them by. Harmony takes only one of thoughts
    /// and text beside calls.
    private func withReasoning(_ message: JSONObject) -> JSONObject {
        guard let reasoning = message["reasoning_content"] else { return message }
        var message = message
        message["reasoning_content"] = nil
        let hasText = message["content"]?.string?.isEmpty == false
        if format == .harmony, hasText, message["tool_calls"] != nil { return message }
        if let reasoningKey { message[reasoningKey] = reasoning }
        return message
    }

    private func withShortIDs(_ message: JSONObject) -> JSONObject {
        func short(_ id: JSONValue?) -> JSONValue? {
            id?.string.map { text in
                let letters = text.utf8.filter(\.isLetterOrDigit).suffix(9)
                let padding = String(repeating: "0", count: 9 - letters.count)
                return .string(padding + String(decoding: Array(letters), as: UTF8.self))
            }
        }
        var message = message
        if let id = short(message["tool_call_id"]) { message["tool_call_id"] = id }
        if let calls = message["tool_calls"]?.array {
            message["tool_calls"] = .array(
                calls.map { call in
                    guard var object = call.object else { return call }
                    object["id"] = short(object["id"])
                    return .object(object)
                })
        }
        return message
    }

    private func withCallsAsText(_ message: JSONObject) -> JSONObject {
        guard let calls = message["tool_calls"]?.array, !calls.isEmpty else { return message }
        let written = format.written(
            calls.compactMap { call in
                guard let function = call["function"], let name = function["name"]?.string else {
                    return nil
                }
                return ToolCall(
                    id: "", name: name, arguments: function["arguments"]?.string ?? "{}")
            })
        let text = message["content"]?.string ?? ""
        var message = message
        message["content"] = .string(text.isEmpty ? written : text + "\n" + written)
        message["tool_calls"] = nil
        return message
    }

    /// The answers of neighbouring messages are one message of the user.
    private func withAnswersAsText(_ messages: [JSONObject]) -> [JSONObject] {
        var arranged: [JSONObject] = []
        var answers: [String] = []
        func flush() {
            guard !answers.isEmpty else { return }
            arranged.append(
                JSONObject([
                    (key: "role", value: "user"),
                    (key: "content", value: .string(answers.joined(separator: "\n"))),
                ]))
            answers = []
        }
        for message in messages {
            guard message["role"] == "tool" else {
                flush()
                arranged.append(message)
                continue
            }
            let name = message["name"]?.string.map { " of \($0)" } ?? ""
            answers.append("Result\(name):\n" + (message["content"]?.string ?? ""))
        }
        flush()
        return arranged
    }

    /// Edits the system message, which is made where there is none.
    private func edit(
        systemOf messages: inout [JSONObject], _ edit: (inout JSONObject) -> Void
    ) {
        let roles: Set<JSONValue?> = ["system", "developer"]
        if messages.first.map({ roles.contains($0["role"]) }) != true {
            messages.insert(
                JSONObject([(key: "role", value: "system"), (key: "content", value: "")]), at: 0)
        }
        edit(&messages[0])
    }

    private func addInstruction(_ text: String, to messages: inout [JSONObject]) {
        func put(_ message: inout JSONObject) {
            let content = message["content"]?.string ?? ""
            message["content"] = .string(content.isEmpty ? text : text + "\n\n" + content)
        }
        if abilities.writesSystem {
            edit(systemOf: &messages, put)
        } else if let first = messages.firstIndex(where: { $0["role"] == "user" }) {
            put(&messages[first])
        }
    }

    private func instruction(_ tools: [Tool], mustCall: Bool) -> String {
        let declared = tools.compactMap { $0.json["function"]?.serialized(.python) }
        let example = format.written([
            ToolCall(id: "", name: "NAME", arguments: "{\"PARAMETER\": \"VALUE\"}")
        ])
        let rule =
            mustCall
            ? "Answer with a call." : "Where no function helps, answer as usual, without a call."
        return """
            You can call functions. Each line is one, with the JSON Schema of its arguments:

            \(declared.joined(separator: "\n"))

            A call has this form, and nothing after it:

            \(example)

            What the function returns comes in the next message. \(rule)
            """
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
