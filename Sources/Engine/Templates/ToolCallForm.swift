import JSON

/// The form in which a template expects the tool calls of an assistant's message.
///
/// Clients send arguments as a JSON string, and no content beside calls. Most templates expect the
/// object that the string spells, which is also what transformers gives them, and content that is a
/// text; some insert the string into their text, and some write calls only if there is no content.
/// Rendering the same call in every form shows which it is.
struct ToolCallForm: Hashable {
    /// Arguments stay the string that clients send.
    var argumentsAreText = false
    /// Empty content of a message with calls is removed.
    var contentIsNull = false

    /// The usual one first.
    private static let all = [
        ToolCallForm(), ToolCallForm(argumentsAreText: true),
        ToolCallForm(contentIsNull: true),
        ToolCallForm(argumentsAreText: true, contentIsNull: true),
    ]

    typealias Variables = () throws -> [(name: String, value: Jinja.Value)]

    /// The first of the forms that the template renders best.
    ///
    /// - Parameter render: renders the template with variables.
    static func best(_ render: (Variables) throws -> RenderedPrompt) -> ToolCallForm {
        var best = (form: ToolCallForm(), grade: Grade.absent)
        for form in all where best.grade < .right {
            let grade = form.grade(render)
            if grade > best.grade { best = (form, grade) }
        }
        return best.form
    }

    private enum Grade: Int, Comparable {
        case absent, distorted, right

        static func < (left: Grade, right: Grade) -> Bool { left.rawValue < right.rawValue }
    }

    private static let needle = "argument_needle"

    private func grade(_ render: (Variables) throws -> RenderedPrompt) -> Grade {
        conversations.map { messages, tools in
            let variables: [(name: String, value: JSONValue)] = [
                ("messages", .array(messages)), ("tools", tools), ("documents", nil),
                ("add_generation_prompt", false), ("bos_token", ""), ("eos_token", ""),
            ]
            let prompt = try? render {
                try variables.map { (name: $0.name, value: try Jinja.Value($0.value, .request)) }
            }
            return prompt.map { Self.grade($0.text) } ?? .absent
        }.max() ?? .absent
    }

    /// Python prints `{'argument_needle': …}`, and a string as JSON is `"{\"argument_needle\": …}"`.
    private static func grade(_ text: String) -> Grade {
        guard let place = text.ranges(of: needle).last else { return .absent }
        let before = Array(text.utf8.prefix(place.lowerBound).suffix(2))
        let isEscaped = before == Array(#"\""#.utf8)
        return isEscaped || before.last == UInt8(ascii: "'") ? .distorted : .right
    }

    private static let tools: JSONValue = [
        [
            "type": "function",
            "function": [
                "name": "probe", "description": "",
                "parameters": ["type": "object", "properties": ["query": ["type": "string"]]],
            ],
        ]
    ]

    /// Some templates require the tool's answer after its call, others refuse one; some write calls
    /// only if tools are declared, and some accept no tools.
    private var conversations: [(messages: [JSONValue], tools: JSONValue)] {
        let arguments = JSONObject([(key: Self.needle, value: JSONValue.string("value"))])
        let call: [JSONValue] = [
            ["role": "user", "content": "Hi"],
            [
                "role": "assistant", "content": contentIsNull ? .null : .string(""),
                "tool_calls": [
                    [
                        "id": "call00000", "type": "function",
                        "function": [
                            "name": "probe",
                            "arguments": argumentsAreText
                                ? .string(JSONValue.object(arguments).serialized())
                                : .object(arguments),
                        ],
                    ]
                ],
            ],
        ]
        let answer: JSONValue = [
            "role": "tool", "tool_call_id": "call00000", "name": "probe", "content": "Done",
        ]
        return [
            (call + [answer], Self.tools), (call, Self.tools), (call + [answer], nil), (call, nil),
        ]
    }
}
