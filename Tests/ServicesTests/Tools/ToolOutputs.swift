import JSON
import Services
import Testing

/// Outputs as models of each format write them, with what they mean.
struct ToolOutput: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let format: ToolFormat
    let output: String
    let parts: [OutputPart]
    let reasoning: ReasoningMarks?

    init(
        _ name: String, _ format: ToolFormat, _ output: String, _ parts: [OutputPart],
        reasoning: ReasoningMarks? = nil
    ) {
        (testDescription, self.format, self.output) = (name, format, output)
        (self.parts, self.reasoning) = (parts, reasoning)
    }

    static let tools = [
        Tool(
            name: "get_weather", description: "The weather of a city.",
            parameters: [
                (
                    key: "properties",
                    value: ["city": ["type": "string"], "days": ["type": "integer"]]
                )
            ].object),
        Tool(name: "now"), Tool(name: "code_interpreter"),
    ]

    static let think = ReasoningMarks(template: "<think></think>")

    private static func call(_ name: String, _ arguments: String) -> [OutputPart] {
        [.call(name: name), .arguments(arguments), .callEnd]
    }

    private static let paris = call("get_weather", #"{"city": "Paris"}"#)
    private static let now = call("now", "{}")

    static let all: [ToolOutput] = [
        ToolOutput(
            "a call", .hermes,
            "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>",
            paris),
        ToolOutput(
            "text before, between and after", .hermes,
            "Let me see.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n"
                + "</tool_call>\nAnd:\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>\nDone.",
            [.text("Let me see.")] + paris + [.text("And:")] + now + [.text("Done.")]),
        ToolOutput(
            "thoughts, then a call", .hermes,
            "<think>\nI need it.\n</think>\n\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>",
            [.reasoning("I need it.")] + now, reasoning: think),
        ToolOutput(
            "arguments before the name", .hermes,
            #"<tool_call>{"arguments": {"city": "Paris"}, "name": "get_weather"}</tool_call>"#,
            paris),
        ToolOutput(
            "arguments that are spelled in a string", .hermes,
            #"<tool_call>{"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}</tool_call>"#,
            paris),
        ToolOutput(
            "brackets and marks in a string", .hermes,
            #"<tool_call>{"name": "get_weather", "arguments": {"city": "}]\"</tool_call>é"}}</tool_call>"#,
            call("get_weather", #"{"city": "}]\"</tool_call>é"}"#)),
        ToolOutput(
            "a tool that is not declared is text", .hermes,
            #"<tool_call>{"name": "rm", "arguments": {}}</tool_call>"#,
            [.text(#"<tool_call>{"name": "rm", "arguments": {}}</tool_call>"#)]),
        ToolOutput(
            "what is no call is text, and the next call one", .hermes,
            #"<tool_call>{"name": <tool_call>{"name": "now", "arguments": {}}</tool_call>"#,
            [.text(#"<tool_call>{"name":"#)] + now),
        ToolOutput(
            "an unfinished head is text", .hermes, #"<tool_call>{"name": "get_wea"#,
            [.text(#"<tool_call>{"name": "get_wea"#)]),
        ToolOutput(
            "an unfinished call is one", .hermes,
            #"<tool_call>{"name": "get_weather", "arguments": {"city": "Pa"#,
            [.call(name: "get_weather"), .arguments(#"{"city": "Pa"#)]),
        ToolOutput("text alone", .hermes, "Hello <b>you</b>\n", [.text("Hello <b>you</b>\n")]),
        ToolOutput(
            "tags", .qwenCoder,
            "I look.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nPa\"ris\nnorth\n</parameter>\n"
                + "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>",
            [.text("I look.")]
                + call("get_weather", #"{"city": "Pa\"ris\nnorth", "days": 3}"#)),
        ToolOutput(
            "a function without parameters or mark", .qwenCoder, "<function=now>\n</function>",
            now),
        ToolOutput(
            "keys and values", .glm45,
            "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n"
                + "<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>\n<tool_call>now\n</tool_call>",
            call("get_weather", #"{"city": "Paris", "days": 2}"#) + now),
        ToolOutput("a name on a line", .glm4, "get_weather\n{\"city\": \"Paris\"}", paris),
        ToolOutput("a name in text", .glm4, "now is the time", [.text("now is the time")]),
        ToolOutput(
            "a bare object", .llama, #"{"name": "get_weather", "parameters": {"city": "Paris"}}"#,
            paris),
        ToolOutput(
            "two bare objects", .llama,
            #"{"name": "now", "parameters": {}}; {"name": "get_weather", "parameters": {"city": "Paris"}}"#,
            now + paris),
        ToolOutput(
            "an object that is an answer", .llama, #"{"city": "Paris"}"#,
            [.text(#"{"city": "Paris"}"#)]),
        ToolOutput(
            "a built-in tool", .llama, #"<|python_tag|>get_weather.call(city="Paris")"#, paris),
        ToolOutput(
            "an object after the tag", .llama,
            #"<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}"#, paris),
        ToolOutput(
            "code", .llama, "<|python_tag|>print(1)\n",
            call("code_interpreter", #"{"code": "print(1)\n"}"#).dropLast()),
        ToolOutput(
            "a list of calls", .pythonic,
            #"[get_weather(city='Paris'), now(), get_weather(city="a, b)", days=[1, None])]"#,
            paris + now + call("get_weather", #"{"city": "a, b)", "days": [1, null]}"#)),
        ToolOutput("a list that is an answer", .pythonic, "[1, 2]", [.text("[1, 2]")]),
        ToolOutput(
            "calls in a fence", .gemma,
            "Sure:\n```tool_code\nprint(get_weather(\"Paris\"))\nnow()\n```",
            [.text("Sure:")] + paris + now),
        ToolOutput(
            "an array of objects", .mistral,
            #"[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name": "now", "arguments": {}, "id": "abcdefghi"}]"#,
            paris + now),
        ToolOutput(
            "an array whose second element is no call", .mistral,
            #"[TOOL_CALLS][{"name": "now", "arguments": {}}, 5]"#, now + [.text(", 5]")]),
        ToolOutput(
            "names and objects", .mistralArguments,
            #"[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}[TOOL_CALLS]now[CALL_ID]a12345678[ARGS]{}"#,
            paris + now),
        ToolOutput(
            "an array after the mark", .granite,
            #"<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris"}}]"#, paris),
        ToolOutput(
            "an array between marks", .phi,
            #"<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Paris"}}]<|/tool_call|>"#,
            paris),
        ToolOutput(
            "actions in a fence", .commandR,
            "Action: ```json\n[\n    {\n        \"tool_name\": \"get_weather\",\n        \"parameters\": {\"city\": \"Paris\"}\n    }\n]```",
            paris),
        ToolOutput(
            "a plan and actions", .commandA,
            "<|START_THINKING|>I look.<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", "
                + "\"tool_name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\"}}\n]<|END_ACTION|>",
            [.reasoning("I look.")] + paris,
            reasoning: ReasoningMarks(template: "<|START_THINKING|><|END_THINKING|>")),
        ToolOutput(
            "a response", .commandA, "<|START_RESPONSE|>Hello.<|END_RESPONSE|>", [.text("Hello.")]),
        ToolOutput(
            "kind, name and fence", .deepSeek,
            "Wait.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n"
                + "{\"city\": \"Paris\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n"
                + "```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            [.text("Wait.")] + paris + now),
        ToolOutput(
            "name and object", .deepSeekV31,
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"city\": \"Paris\"}"
                + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>", paris),
        ToolOutput(
            "channels", .harmony,
            "<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>commentary"
                + "<|message|>One moment.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather "
                + "<|constrain|>json<|message|>{\"city\": \"Paris\"}<|call|>",
            [.reasoning("I look."), .text("One moment.")] + paris),
        ToolOutput(
            "a recipient beside the role", .harmony,
            " to=functions.now<|channel|>commentary json<|message|>{}", now),
        ToolOutput(
            "a final message", .harmony,
            "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>",
            [.reasoning("Easy."), .text("4")]),
        ToolOutput("no channels", .harmony, "Plain <b>", [.text("Plain <b>")]),
        ToolOutput(
            "an object in a fence", .json,
            "```json\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n```", paris
        ),
        ToolOutput(
            "an answer in a fence", .json, "```json\n{\"a\": 1}\n```",
            [.text("```json\n{\"a\": 1}\n```")]),
    ]
}

extension [(key: String, value: JSONValue)] {
    fileprivate var object: JSONObject { JSONObject(self) }
}
