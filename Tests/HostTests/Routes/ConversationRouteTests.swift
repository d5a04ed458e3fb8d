import Engine
import Host
import JSON
import Testing

@Suite struct ConversationRouteTests {
    private let path = "/v1/conversations/6E2BF3D5-0A52-4B6E-9A8C-0F9B3E1D2C3A"
    private let body: JSONValue = [
        "title": "Grüße", "model": "markov",
        "messages": [
            ["role": "user", "content": "Hi", "more": 1], ["role": "assistant", "content": "Ho"],
        ],
    ]

    @Test func whatIsSavedIsListedFoundAndDeleted() async throws {
        let host = try await TestHost()
        let client = host.client
        let saved = try await client.send("PUT", path, body.serialized())
        #expect(saved.status == 200)
        #expect(saved.json["id"] == "6e2bf3d5-0a52-4b6e-9a8c-0f9b3e1d2c3a")
        #expect(
            try await client.send("GET", "/v1/conversations").json["data"]?[0]?["title"] == "Grüße")
        let found = try await client.send("GET", path).json
        #expect(found["model"] == "markov" && found["updated"]?.integer ?? 0 > 1_700_000_000)
        #expect(found["messages"]?[0]?["role"] == "user")
        #expect(found["messages"]?[0]?["content"] == "Hi")
        #expect(try await client.send("DELETE", path).status == 200)
        #expect(try await client.send("GET", path).status == 404)
        #expect(try await client.send("DELETE", path).status == 404)
        try await host.stop()
    }

    @Test(arguments: [
        ("messages", #"{"title":"t"}"#), ("messages", #"{"messages":"a"}"#),
        ("messages[0]", #"{"messages":[1]}"#),
        ("messages[0].role", #"{"messages":[{"content":"a"}]}"#),
        ("messages[0].content", #"{"messages":[{"role":"user","content":["a"]}]}"#),
        ("title", #"{"title":5,"messages":[]}"#), ("model", #"{"model":5,"messages":[]}"#),
    ])
    func aWrongConversationIsNamedByItsPath(param: String, body: String) async throws {
        let answer = try await TestHost.shared().client.send("PUT", path, body)
        #expect(answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test func aConversationOverFourMegabytesIsRefused() async throws {
        let content = String(repeating: "a", count: 5 << 20)
        let body = #"{"messages":[{"role":"user","content":"\#(content)"}]}"#
        #expect(try await TestHost.shared().client.send("PUT", path, body).status == 413)
    }
}
