import Engine
import JSON
import Services
import Testing

/// How tools, calls and answers reach templates of different abilities.
@Suite struct ToolArrangementTests {
    private static let plain =
        "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"

    private static let tools = [Tool(name: "get_weather", description: "The weather.")]

    private static let conversation: [JSONValue] = [
        ["role": "user", "content": "Weather?"],
        [
            "role": "assistant", "content": "I look.", "reasoning_content": "Hm.",
            "tool_calls": [
                [
                    "id": "call_abcdef123456", "type": "function",
                    "function": ["name": "get_weather", "arguments": "{\"city\": \"Paris\"}"],
                ]
            ],
        ],
        ["role": "tool", "tool_call_id": "call_abcdef123456", "content": "sun"],
    ]

    private func arranged(
        _ source: String, _ format: ToolFormat = .json, tools: [Tool] = ToolArrangementTests.tools
    ) throws -> (messages: [JSONObject], tools: JSONValue?) {
        let template = try ChatTemplate(source: source)
        return ToolArrangement(template, format).arranged(
            Self.conversation.compactMap(\.object), tools: tools, mustCall: false)
    }

    @Test func aTemplateThatWritesToolsGetsThem() throws {
        let (messages, tools) = try arranged(
            "{{ tools | tojson }}" + Self.plain
                + "{% for m in messages %}{{ (m.tool_calls or []) | tojson }}{% endfor %}")
        #expect(tools?[0]?["function"]?["name"] == "get_weather")
        #expect(messages.count == 3)
        #expect(messages[2]["name"] == "get_weather")
    }

    @Test func aTemplateThatKnowsNoToolsGetsAnInstruction() throws {
        let (messages, tools) = try arranged(Self.plain)
        #expect(tools == nil)
        #expect(messages.map { $0["role"]?.string } == ["system", "user", "assistant", "tool"])
        #expect(messages[0]["content"]?.string?.contains("\"name\": \"get_weather\"") == true)
        let call = #"{"name": "get_weather", "arguments": {"city": "Paris"}}"#
        #expect(messages[2]["content"] == .string("I look.\n" + call))
    }

    @Test func aTemplateWithoutSystemMessagesAndAnswersGetsThemFromTheUser() throws {
        let source = """
            {% for m in messages %}{% if m.role not in ['user', 'assistant'] %}\
            {{ raise_exception('no such role') }}{% endif %}{{ m.content }}{% endfor %}
            """
        let (messages, _) = try arranged(source)
        #expect(messages.map { $0["role"]?.string } == ["user", "assistant", "user"])
        #expect(messages[0]["content"]?.string?.hasSuffix("Weather?") == true)
        #expect(messages[2]["content"] == "Result of get_weather:\nsun")
    }

    @Test func phisSystemMessageHasTheTools() throws {
        let source = """
            {% for m in messages %}{{ m.content }}{% if m.role == 'system' and 'tools' in m %}\
            <|tool|>{{ m.tools }}<|/tool|>{% endif %}{% endfor %}
            """
        let (messages, tools) = try arranged(source, .phi)
        #expect(tools == nil)
        #expect(messages[0]["tools"]?.string?.hasPrefix("[{\"name\": \"get_weather\"") == true)
    }

    @Test func idsAreNineLettersWhereTheTemplateDemandsIt() throws {
        let (messages, _) = try arranged(
            Self.plain + "{% for m in messages %}{{ (m.tool_calls or []) | tojson }}{% endfor %}",
            .mistral)
        #expect(messages.first { $0["role"] == "tool" }?["tool_call_id"] == "def123456")
        let call = messages.first { $0["role"] == "assistant" }?["tool_calls"]?[0]
        #expect(call?["id"] == "def123456")
    }

    @Test func thoughtsHaveTheNameThatTheTemplateReads() throws {
        #expect(try arranged(Self.plain).messages[2]["reasoning_content"] == nil)
        let reads = Self.plain + "{% for m in messages %}{{ m.reasoning_content }}{% endfor %}"
        #expect(try arranged(reads).messages[2]["reasoning_content"] == "Hm.")
        let thinks = Self.plain + "{% for m in messages %}{{ m.thinking }}{% endfor %}"
        #expect(try arranged(thinks).messages[2]["thinking"] == "Hm.")
    }

    @Test(arguments: [
        ("{{ '<tool_call>' }}", "hermes"), ("<function=a><parameter=b>", "qwen-coder"),
        ("[TOOL_CALLS]", "mistral"), ("[TOOL_CALLS]x[ARGS]", "mistral-args"),
        ("<|channel|>", "harmony"), ("<|tool_call|>", "granite"), ("<|tool|>", "phi"),
        ("<|python_tag|>", "llama-json"), ("<|START_ACTION|>", "command-a"),
        ("<｜tool▁call▁begin｜>", "deepseek-v3.1"), ("<｜tool▁call▁begin｜>```json", "deepseek"),
        ("<arg_key><tool_call>", "glm-4.5"), ("<|observation|>", "glm-4"),
    ])
    func theFormatIsFoundInTheTemplate(source: String, name: String) {
        #expect(ToolFormat(template: source)?.rawValue == name)
    }
}
