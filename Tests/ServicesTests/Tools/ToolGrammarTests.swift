import Grammar
import JSON
import Services
import Testing

/// What a reply may be like, in every format, and that it is read as the calls it was made of.
@Suite struct ToolGrammarTests {
    private static let schema: JSONValue = [
        "type": "object",
        "properties": [
            "to": ["type": "string"], "steps": ["type": "integer", "minimum": 1],
        ],
        "required": ["to"], "additionalProperties": false,
    ]
    private static let tools = [
        Tool(name: "move", parameters: schema.object), Tool(name: "now"),
    ]

    private static func reading(_ format: ToolFormat, thinks: Bool = false) -> OutputReading {
        OutputReading(
            format: format, tools: tools,
            reasoning: thinks ? ReasoningMarks(start: "<think>", end: "</think>") : nil)
    }

    private func grammar(
        _ format: ToolFormat, _ choice: ToolChoice,
        _ change: (inout OutputReading) -> Void = { _ in }
    ) throws -> Grammar {
        var reading = Self.reading(format)
        change(&reading)
        return try Grammar(try #require(ToolGrammar(reading, choice).expression))
    }

    /// Two calls, and one with arguments that the schema does not allow.
    private static let written: [(format: ToolFormat, right: String, wrong: String)] = [
        (
            .hermes,
            "<tool_call>\n{\"name\": \"move\", \"arguments\": {\"to\": \"A\", \"steps\": 2}}\n</tool_call>\n"
                + "<tool_call>\n{\"name\": \"move\", \"arguments\": {\"to\": \"B\"}}\n</tool_call>",
            "<tool_call>\n{\"name\": \"move\", \"arguments\": {\"to\": 5}}\n</tool_call>"
        ),
        (
            .qwenCoder,
            "<tool_call>\n<function=move>\n<parameter=to>\nA\n</parameter>\n<parameter=steps>\n2\n</parameter>\n"
                + "</function>\n</tool_call>\n<tool_call>\n<function=move>\n<parameter=to>\nB\n</parameter>\n"
                + "</function>\n</tool_call>",
            "<tool_call>\n<function=move>\n<parameter=steps>\n2\n</parameter>\n</function>\n</tool_call>"
        ),
        (
            .glm45,
            "<tool_call>move\n<arg_key>to</arg_key>\n<arg_value>A</arg_value>\n<arg_key>steps</arg_key>\n"
                + "<arg_value>2</arg_value>\n</tool_call>\n<tool_call>move\n<arg_key>to</arg_key>\n"
                + "<arg_value>B</arg_value>\n</tool_call>",
            "<tool_call>move\n<arg_key>to</arg_key>\n<arg_value>A</arg_value>\n<arg_key>steps</arg_key>\n"
                + "<arg_value>no</arg_value>\n</tool_call>"
        ),
        (
            .mistral,
            "[TOOL_CALLS][{\"name\": \"move\", \"arguments\": {\"to\": \"A\", \"steps\": 2}}, "
                + "{\"name\": \"move\", \"arguments\": {\"to\": \"B\"}}]",
            "[TOOL_CALLS][{\"name\": \"move\", \"arguments\": {}}]"
        ),
        (
            .mistralArguments,
            "[TOOL_CALLS]move[ARGS]{\"to\": \"A\", \"steps\": 2}[TOOL_CALLS]move[ARGS]{\"to\": \"B\"}",
            "[TOOL_CALLS]move[ARGS]{\"to\": \"A\", \"steps\": 0}"
        ),
        (
            .deepSeekV31,
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>move<｜tool▁sep｜>{\"to\": \"A\", \"steps\": 2}"
                + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>move<｜tool▁sep｜>{\"to\": \"B\"}"
                + "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>move<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
                + "<｜tool▁calls▁end｜>"
        ),
        (
            .pythonic, "[move(to=\"A\", steps=2), move(to=\"B\")]", "[move(steps=2)]"
        ),
        (
            .gemma, "```tool_code\nmove(to=\"A\", steps=2)\nmove(to=\"B\")\n```",
            "```tool_code\nmove()\n```"
        ),
    ]

    private static let meaning: [OutputPart] = [
        .call(name: "move"), .arguments(#"{"to": "A", "steps": 2}"#), .callEnd,
        .call(name: "move"), .arguments(#"{"to": "B"}"#), .callEnd,
    ]

    @Test func aRequiredCallHasItsFormAndValidArguments() throws {
        for (format, right, wrong) in Self.written {
            let grammar = try grammar(format, .required)
            #expect(grammar.matches(right), "\(format)")
            #expect(!grammar.matches(wrong), "\(format)")
            #expect(!grammar.matches("No."), "\(format)")
            var parser = Self.reading(format).parser
            let parts = parser.push(right) + parser.finish(isCut: false)
            #expect(parts.joined == Self.meaning, "\(format)")
        }
    }

    @Test func aFreeReplyIsTextOrValidCalls() throws {
        for (format, right, wrong) in Self.written {
            let grammar = try grammar(format, .auto)
            #expect(grammar.matches("No."), "\(format)")
            #expect(grammar.matches(right), "\(format)")
            #expect(!grammar.matches(wrong), "\(format)")
        }
        #expect(try grammar(.hermes, .auto).matches("Wait.\n" + Self.written[0].right))
    }

    @Test func aNamedToolIsTheOnlyOne() throws {
        let grammar = try grammar(.mistralArguments, .named("now"))
        #expect(grammar.matches("[TOOL_CALLS]now[ARGS]{}"))
        #expect(!grammar.matches("[TOOL_CALLS]move[ARGS]{\"to\": \"A\"}"))
    }

    @Test func aToolWithoutASchemaTakesAnyObject() throws {
        let grammar = try grammar(.mistralArguments, .required)
        #expect(grammar.matches("[TOOL_CALLS]now[ARGS]{\"zone\": [1, {\"a\": null}]}"))
    }

    @Test func oneCallIsAllWhereNoOthersAreWanted() throws {
        let grammar = try grammar(.mistralArguments, .auto) { $0.isParallel = false }
        #expect(grammar.matches("[TOOL_CALLS]now[ARGS]{}"))
        #expect(!grammar.matches("[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]now[ARGS]{}"))
    }

    @Test func thoughtsComeBeforeACallThatIsRequired() throws {
        let call = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"
        var reading = Self.reading(.hermes, thinks: true)
        let closed = try Grammar(try #require(ToolGrammar(reading, .required).expression))
        #expect(closed.matches("<think>\nHm <b>.\n</think>\n\n" + call))
        #expect(closed.matches(call))
        reading.beginsInReasoning = true
        let open = try Grammar(try #require(ToolGrammar(reading, .required).expression))
        #expect(open.matches("Hm.\n</think>\n\n" + call))
        #expect(!open.matches("Hm.\n" + call))
    }

    @Test func harmonyThinksAndCalls() throws {
        let call =
            "<|channel|>commentary to=functions.move <|constrain|>json<|message|>{\"to\": \"A\"}"
        let thoughts = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant"
        let required = try grammar(.harmony, .required)
        #expect(required.matches(call) && required.matches(thoughts + call))
        #expect(!required.matches("<|channel|>final<|message|>No."))
        let free = try grammar(.harmony, .auto)
        #expect(free.matches(thoughts + "<|channel|>final<|message|>No."))
        #expect(free.matches(thoughts + call))
        #expect(!free.matches(thoughts + call.dropLast(10) + "}"))
    }

    @Test func nothingIsConstrainedWithoutTools() {
        #expect(ToolGrammar(Self.reading(.hermes), .none).expression == nil)
        let reading = OutputReading(format: .hermes, tools: [], reasoning: nil)
        #expect(ToolGrammar(reading, .auto).expression == nil)
    }
}
