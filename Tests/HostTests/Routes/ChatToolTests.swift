import Host
import JSON
import Testing

/// Tools and thoughts in OpenAI's chat, with a model that writes what its script says, a byte a token.
@Suite struct ChatToolTests {
    private static let marks = ["<tool_call>", "</tool_call>", "<think>", "</think>"]

    private static let tools: JSONValue = [
        [
            "type": "function",
            "function": [
                "name": "get_weather", "description": "The weather of a city.",
                "parameters": ["type": "object", "properties": ["city": ["type": "string"]]],
            ],
        ],
        ["type": "function", "function": ["name": "now"]],
    ]

    // As the grammar of calls spells them: what a script writes otherwise is not written.
    private static let weather = """
        <tool_call>
        {"name": "get_weather", "arguments": {"city": "Paris"}}
        </tool_call>
        """
    private static let now = """
        <tool_call>
        {"name": "now", "arguments": {}}
        </tool_call>
        """

    /// Runs a host whose model gives these answers.
    private func withHost(
        _ answers: [String], template: String = Script.hermes, settings: String = "",
        _ body: (HostClient) async throws -> Void
    ) async throws {
        let script = try Script(marks: Self.marks, template: template, answers: answers)
        let host = try await TestHost(models: script.model("script", settings))
        do {
            try await body(host.client)
        } catch {
            try await host.stop()
            throw error
        }
        try await host.stop()
    }

    private func ask(
        _ client: HostClient, _ members: KeyValuePairs<String, JSONValue> = [:],
        messages: JSONValue = [["role": "user", "content": "Weather?"]]
    ) async throws -> Answer {
        var body = JSONObject([(key: "messages", value: messages)])
        for (key, value) in members { body[key] = value }
        return try await client.send(
            "POST", "/v1/chat/completions", JSONValue.object(body).serialized())
    }

    /// The parts of a streamed answer.
    private func deltas(_ answer: Answer) -> [JSONValue] {
        answer.text.split(separator: "\n\n").compactMap { block in
            try? JSONValue(parsing: String(block.dropFirst("data: ".count)))
        }.compactMap { $0["choices"]?[0] }
    }

    @Test func aCallComesAsAMessageWithoutContent() async throws {
        try await withHost([Self.weather]) { client in
            let answer = try await ask(client, ["tools": Self.tools])
            let choice = try #require(answer.json["choices"]?[0])
            #expect(choice["finish_reason"] == "tool_calls")
            #expect(choice["message"]?["content"] == .null)
            let call = try #require(choice["message"]?["tool_calls"]?[0])
            #expect(call["type"] == "function")
            #expect(call["function"]?["name"] == "get_weather")
            #expect(call["function"]?["arguments"] == #"{"city": "Paris"}"#)
            #expect(call["id"]?.string?.hasPrefix("call_") == true)
        }
    }

    @Test func aStreamBringsTheNameFirstAndThenTheArguments() async throws {
        try await withHost(["Let me see.\n" + Self.weather + "\n" + Self.now]) { client in
            let parts = deltas(try await ask(client, ["tools": Self.tools, "stream": true]))
            let calls = parts.compactMap { $0["delta"]?["tool_calls"]?[0] }
            let first = try #require(calls.first)
            #expect(first["index"] == 0 && first["type"] == "function")
            #expect(first["function"]?["name"] == "get_weather")
            #expect(first["function"]?["arguments"] == "")
            #expect(calls.filter { $0["id"] != nil }.count == 2)
            let texts = (0..<2).map { index in
                calls.filter { $0["index"]?.integer == index }
                    .compactMap { $0["function"]?["arguments"]?.string }.joined()
            }
            #expect(texts == [#"{"city": "Paris"}"#, "{}"])
            // A slow reader gets several pieces as one.
            #expect(calls.count >= 4)
            let text = parts.compactMap { $0["delta"]?["content"]?.string }.joined()
            #expect(text == "Let me see.")
            #expect(parts.last?["finish_reason"] == "tool_calls")
        }
    }

    @Test func theResultOfACallGoesBackAndTheModelAnswers() async throws {
        try await withHost([Self.weather, "Sunny."]) { client in
            let answer = try await ask(
                client, ["tools": Self.tools],
                messages: [
                    ["role": "user", "content": "Weather?"],
                    [
                        "role": "assistant", "content": .null,
                        "tool_calls": [
                            [
                                "id": "call_1", "type": "function",
                                "function": ["name": "get_weather", "arguments": "{}"],
                            ]
                        ],
                    ],
                    ["role": "tool", "tool_call_id": "call_1", "content": "sun"],
                ])
            #expect(answer.json["choices"]?[0]?["message"]?["content"] == "Sunny.")
            #expect(answer.json["choices"]?[0]?["finish_reason"] == "stop")
        }
    }

    @Test func withoutParallelCallsTheReplyEndsAfterOne() async throws {
        try await withHost([Self.weather + "\n" + Self.now + String(repeating: "x", count: 5000)]) {
            client in
            let answer = try await ask(
                client, ["tools": Self.tools, "parallel_tool_calls": false])
            let choice = try #require(answer.json["choices"]?[0])
            #expect(choice["message"]?["tool_calls"]?.array?.count == 1)
            #expect(choice["finish_reason"] == "tool_calls")
            #expect((answer.json["usage"]?["completion_tokens"]?.integer ?? 9999) < 5000)
        }
    }

    @Test func aCallThatIsCutOffComesAsWhatItIs() async throws {
        try await withHost([Self.weather]) { client in
            let answer = try await ask(client, ["tools": Self.tools, "max_tokens": 50])
            let choice = try #require(answer.json["choices"]?[0])
            #expect(choice["finish_reason"] == "length")
            let arguments = choice["message"]?["tool_calls"]?[0]?["function"]?["arguments"]
            #expect(arguments?.string?.hasPrefix(#"{"city": "#) == true)
        }
    }

    @Test func withTheChoiceNoneThereAreNoCalls() async throws {
        try await withHost([Self.weather]) { client in
            let answer = try await ask(client, ["tools": Self.tools, "tool_choice": "none"])
            #expect(answer.json["choices"]?[0]?["message"]?["tool_calls"] == nil)
            #expect(answer.json["choices"]?[0]?["finish_reason"] == "stop")
        }
    }

    @Test(arguments: [
        ("tools[0].function.name", #"[{"type":"function","function":{"name":"a b"}}]"#),
        (
            "tools[1].function.name",
            #"[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}]"#
        ),
        (
            "tools[0].function.parameters.type",
            #"[{"type":"function","function":{"name":"a","parameters":{"type":"array"}}}]"#
        ),
        (
            "tools[0].function.parameters",
            #"[{"type":"function","function":{"name":"a","parameters":5}}]"#
        ),
        ("tools[0].type", #"[{"type":"custom","custom":{"name":"a"}}]"#),
        ("tools[0].function", #"[{"type":"function"}]"#),
    ])
    func aBadToolIsNamed(param: String, tools: String) async throws {
        let answer = try await TestHost.shared().client.send(
            "POST", "/v1/chat/completions",
            #"{"model":"markov","messages":[{"role":"user","content":"Hi"}],"tools":\#(tools)}"#)
        #expect(answer.status == 400)
        #expect(answer.error["param"]?.string == param, "\(answer.text)")
    }

    // MARK: - Thoughts

    @Test func theFormOfAReplyBeginsBehindItsThoughts() async throws {
        let script = "<think>\nHm.\n</think>\n\n{\"a\": 1}"
        try await withHost([script], template: Self.thinking) { client in
            let message = try await ask(
                client,
                [
                    "response_format": [
                        "type": "json_schema",
                        "json_schema": [
                            "name": "n",
                            "schema": [
                                "type": "object", "properties": ["a": ["type": "integer"]],
                                "required": ["a"],
                            ],
                        ],
                    ], "max_tokens": 200,
                ]
            ).json["choices"]?[0]?["message"]
            #expect(message?["reasoning_content"] == "Hm.")
            #expect(message?["content"] == #"{"a": 1}"#)
        }
    }

    @Test func thoughtsComeApartFromTheAnswer() async throws {
        try await withHost(["<think>\nHm.\n</think>\n\nYes."], template: Self.thinking) { client in
            let whole = try await ask(client).json["choices"]?[0]?["message"]
            #expect(whole?["reasoning_content"] == "Hm." && whole?["content"] == "Yes.")
            let parts = deltas(try await ask(client, ["stream": true])).compactMap { $0["delta"] }
            #expect(parts.compactMap { $0["reasoning_content"]?.string }.joined() == "Hm.")
            #expect(parts.compactMap { $0["content"]?.string }.joined() == "Yes.")
        }
    }

    @Test func thoughtsStayInTheTextIfTheClientWantsThemThere() async throws {
        try await withHost(["<think>\nHm.\n</think>\n\nYes."], template: Self.thinking) { client in
            let whole = try await ask(client, ["reasoning_format": "none"])
            let message = whole.json["choices"]?[0]?["message"]
            #expect(message?["reasoning_content"] == nil)
            #expect(message?["content"]?.string?.hasSuffix("Hm.\n\n\nYes.") == true)
        }
    }

    @Test func thoughtsThatThePromptHasBegunAreThoughts() async throws {
        let template = Self.thinking + "{% if add_generation_prompt %}<think>\n{% endif %}"
        try await withHost(["<think>\nHm.\n</think>\n\nYes."], template: template) { client in
            let message = try await ask(client).json["choices"]?[0]?["message"]
            #expect(message?["reasoning_content"] == "Hm." && message?["content"] == "Yes.")
        }
    }

    @Test func aBudgetEndsTheThoughts() async throws {
        let thoughts = "<think>" + String(repeating: "a", count: 50) + "</think>Yes."
        try await withHost([thoughts], template: Self.thinking) { client in
            let message = try await ask(client, ["thinking_budget": 10])
                .json["choices"]?[0]?["message"]
            #expect(message?["reasoning_content"] == .string(String(repeating: "a", count: 10)))
            #expect(message?["content"]?.string?.hasSuffix("Yes.") == true)
        }
    }

    @Test func theTemplateLearnsWhetherTheModelThinks() async throws {
        let template =
            Self.thinking + "{{ reasoning_effort }}{% if enable_thinking is defined %}"
            + "{{ enable_thinking }}{% endif %}"
        try await withHost(["</think>"], template: template) { client in
            func count(_ members: KeyValuePairs<String, JSONValue>) async throws -> Int? {
                try await ask(client, members).json["usage"]?["prompt_tokens"]?.integer
            }
            let usual = try #require(try await count([:]))
            #expect(try await count(["reasoning_effort": "low"]) == usual + "lowTrue".count)
            #expect(try await count(["reasoning_effort": "none"]) == usual + "False".count)
            #expect(try await count(["enable_thinking": false]) == usual + "False".count)
        }
    }

    private static let thinking = """
        {%- for m in messages %}{{ m.role }}: {{ m.content.split('</think>')[-1] }}
        {% endfor %}{% if add_generation_prompt %}<|answer|>{% endif %}
        """
}
