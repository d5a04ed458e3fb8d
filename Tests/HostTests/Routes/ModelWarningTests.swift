import Engine
import JSON
import Testing

/// What a plugin says wrongly of its model is told when it loads, and is nobody's mistake but the server's.
@Suite struct ModelWarningTests {
    private func model(_ deed: String) -> String {
        """
        [[models]]
        name = "m"
        plugin = "tally"
        source = "\(ExamplePlugin.tally.source)"
        settings = { at = "info", do = "\(deed)" }

        """
    }

    private let chat: JSONValue = [
        "messages": [["role": "user", "content": "Hi"]], "max_tokens": 1,
    ]

    private func warnings(_ host: TestHost) async throws -> [String] {
        let status = try await host.client.send("GET", "/admin/models/m").json
        #expect(status["state"] == "ready")
        return status["warnings"]?.array?.compactMap(\.string) ?? []
    }

    @Test func aTemplateThatCannotBeReadIsTheServersFault() async throws {
        let host = try await TestHost(models: model("template"))
        let warning = try #require(try await warnings(host).first)
        #expect(
            warning.hasPrefix("the chat template cannot be read, so that no chat is answered: "))
        let answer = try await host.client.post("/v1/chat/completions", chat)
        #expect(answer.status == 500 && answer.error["type"] == "server_error")
        #expect(
            answer.error["message"]?.string?.contains("the model's chat template cannot be read")
                == true)
        // What needs no template is answered.
        let text = try await host.client.post("/v1/completions", ["prompt": "a", "max_tokens": 1])
        #expect(text.status == 200)
        try await host.stop()
    }

    @Test(arguments: [
        ("garbage", ["info_json is no JSON"]), ("list", ["info_json is an array"]),
        (
            "types",
            [
                "\"name\" is 7, expected a string", "\"context_length\" is a string",
                "\"max_tokens\" is -9223372036854775808,",
                "\"chat_templat\" is not known; did you mean \"chat_template\"?",
            ]
        ),
    ])
    func whatAPluginSaysWronglyIsWarnedOf(_ deed: String, _ says: [String]) async throws {
        let host = try await TestHost(models: model(deed))
        let warnings = try await warnings(host)
        #expect(warnings.count == says.count)
        for (warning, words) in zip(warnings, says) {
            #expect(warning.contains(words), "\(warning)")
        }
        #expect(try await host.client.post("/v1/chat/completions", chat).status == 200)
        try await host.stop()
    }
}
