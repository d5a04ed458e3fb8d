import Engine
import Foundation
import JSON
import Testing

/// Messages as clients send them, and as templates want them.
@Suite struct AdaptedMessageTests {
    private let call: JSONValue = [
        "role": "assistant", "content": nil,
        "tool_calls": [
            [
                "id": "call00001", "type": "function",
                "function": [
                    "name": "look", "arguments": "{\"city\": \"Oslo\", \"days\": [1, 2]}",
                ],
            ]
        ],
    ]

    private func rendered(_ source: String, _ messages: JSONValue...) throws -> String {
        let template = try ChatTemplate(source: source)
        let adapted = template.adapted(messages.compactMap(\.object))
        return try template.render(
            messages: .array(adapted.map { .object($0) }), tools: nil, addGenerationPrompt: false,
            bosToken: "", eosToken: ""
        ).text
    }

    private func calls(_ body: String) -> String {
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}\(body){% endfor %}{% endfor %}"
    }

    @Test func argumentsAreTheObjectThatTheirStringSpells() throws {
        let json = #"{"city": "Oslo", "days": [1, 2]}"#
        #expect(try rendered(calls("{{ c.function.arguments | tojson }}"), call) == json)
        #expect(
            try rendered(calls("{{ c['function'] | tojson }}"), call)
                == #"{"name": "look", "arguments": "# + json + "}")
        let pairs = "{% for k, v in c.function.arguments.items() %}<{{ k }}>{{ v }}{% endfor %}"
        #expect(try rendered(calls(pairs), call) == "<city>Oslo<days>[1, 2]")
        let either =
            "{% if c.function.arguments is string %}{{ c.function.arguments }}{% else %}"
            + "{{ c.function.arguments | tojson }}{% endif %}"
        #expect(try rendered(calls(either), call) == json)
    }

    @Test func aTemplateThatPutsTheStringIntoItsTextKeepsIt() throws {
        let json = #"{"city": "Oslo", "days": [1, 2]}"#
        #expect(try rendered(calls("{{ '<f>' + c.function.arguments }}"), call) == "<f>" + json)
        #expect(try rendered(calls("{{ c.function.arguments }}"), call) == json)
    }

    @Test func aStringThatSpellsNoObjectStays() throws {
        for (text, expected) in [
            ("not JSON", #""not JSON""#), ("[1]", #""[1]""#), ("", "{}"), (" ", "{}"),
        ] {
            let message: JSONValue = [
                "role": "assistant", "content": "",
                "tool_calls": [["function": ["name": "f", "arguments": .string(text)]]],
            ]
            #expect(
                try rendered(calls("{{ c.function.arguments | tojson }}"), message) == expected)
        }
    }

    @Test func aMissingContentBesideCallsIsEmpty() throws {
        let source = calls("{{ c.function.name }}")
        #expect(try rendered(source, call) == "look")
        var without = try #require(call.object)
        without["content"] = nil
        #expect(try rendered(source, .object(without)) == "look")
    }

    /// As DeepSeek's templates do.
    @Test func aTemplateThatWritesCallsOnlyWithoutContentGetsNone() throws {
        let source = """
            {% for m in messages %}{% if m.role == 'assistant' and m.content is none %}\
            {% for c in m.tool_calls %}{{ '```' + c.function.arguments }}{% endfor %}\
            {% elif m.content is string %}{{ m.content }}{% endif %}{% endfor %}
            """
        var empty = try #require(call.object)
        empty["content"] = ""
        for message in [call, .object(empty)] {
            #expect(
                try rendered(source, message) == #"```{"city": "Oslo", "days": [1, 2]}"#)
        }
    }

    @Test func aDeveloperIsTheSystemWhereTheTemplateKnowsNone() throws {
        let message: JSONValue = ["role": "developer", "content": "x"]
        let plain = "{% for m in messages %}<{{ m.role }}>{% endfor %}"
        #expect(try rendered(plain, message) == "<system>")
        let knowing =
            "{% for m in messages %}<{{ m.role }}>{% if m.role == 'developer' %}!{% endif %}{% endfor %}"
        #expect(try rendered(knowing, message) == "<developer>!")
    }

    // MARK: - Continuing

    private func continued(
        _ source: String, _ last: JSONValue, _ extra: [String: JSONValue] = [:]
    ) throws -> RenderedPrompt {
        let messages: [JSONValue] = [["role": "user", "content": "Tell me a story."], last]
        return try ChatTemplate(source: source).renderContinuing(
            messages: messages.compactMap(\.object), tools: nil, bosToken: "<s>",
            eosToken: "</s>", extra: extra)
    }

    /// `continuations.json` holds what transformers' `continue_final_message` makes of the templates.
    @Test func aMessageIsContinuedAsInTransformers() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/chat-templates")
        let golden = try JSONValue(
            parsing: Data(contentsOf: folder.appending(path: "continuations.json")))
        let cases = try #require(golden["cases"]?.array)
        #expect(cases.count == 80)
        let variables = try #require(golden["variables"]?.object).members
        let extra = Dictionary(variables.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        for row in cases {
            let name = try #require(row["template"]?.string)
            let source = try String(
                contentsOf: folder.appending(path: "\(name).jinja"), encoding: .utf8)
            let last: JSONValue = ["role": "assistant", "content": row["content"] ?? nil]
            let prompt = try continued(source, last, extra)
            #expect(prompt.text == row["rendered"]?.string, "\(name) \(row["content"] ?? nil)")
        }
    }

    @Test func whatIsContinuedStaysTheRequests() throws {
        let source = "{% for m in messages %}<m>{{ m.content }}</m>{% endfor %}"
        let prompt = try continued(source, ["role": "assistant", "content": "Once</m> upon"])
        #expect(prompt.text == "<m>Tell me a story.</m><m>Once</m> upon")
        #expect(prompt.plain == [3..<19, 26..<39])
    }

    @Test func aMessageThatCannotBeContinuedIsRefused() throws {
        let source = "{% for m in messages %}{{ m.content }}{% endfor %}"
        #expect(throws: TemplateError.self) { try continued(source, call) }
        #expect(throws: TemplateError.self) { try continued(source, ["role": "assistant"]) }
        // A template that leaves a part of the message out.
        let cutting = "{% for m in messages %}{{ m.content[:4] }}{% endfor %}"
        #expect(throws: TemplateError.self) {
            try continued(cutting, ["role": "assistant", "content": "Once upon a time"])
        }
    }
}
