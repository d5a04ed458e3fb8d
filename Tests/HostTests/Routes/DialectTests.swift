import Host
import JSON
import Testing

/// What differs from API to API, by two that the host does not speak.
@Suite struct DialectTests {
    private static let host = Task {
        try await TestHost(
            server: "api_keys = [\"secret\"]", key: nil, ping: .milliseconds(20),
            dialects: [NamedEventDialect(), LineDialect()])
    }

    private func post(
        _ path: String, headers: [(String, String)] = [("x-api-key", "secret")]
    ) async throws -> Answer {
        try await Self.host.value.client.send("POST", path, "{}", headers: headers)
    }

    @Test func eventsHaveTheirNamesAndNothingBehindTheLast() async throws {
        let answer = try await post("/v1/messages")
        #expect(answer.headers["content-type"] == "text/event-stream; charset=utf-8")
        #expect(
            answer.text == """
                event: message_start
                data: {"type":"message_start"}

                event: message_stop
                data: {"type":"message_stop"}


                """)
    }

    @Test func aSilentStreamIsKeptAliveAsItsAPIHasIt() async throws {
        let blocks = try await post("/v1/messages?pauses").text.split(separator: "\n\n")
        #expect(blocks.contains("event: ping\ndata: {\"type\": \"ping\"}"))
        #expect(blocks.allSatisfy { $0.hasPrefix("event: ") })
    }

    @Test func aStreamThatFailsEndsWithTheErrorOfItsAPI() async throws {
        let named = try await post("/v1/messages?fails").text.split(separator: "\n\n")
        #expect(
            named.last == """
                event: error
                data: {"type":"error","error":{"type":"invalid_request_error","message":"no more"}}
                """)
        let lines = try await post("/api/chat?fails").text
        #expect(lines == "{\"done\":false}\n{\"error\":\"no more\"}\n")
    }

    @Test func linesOfJSONAreAStreamToo() async throws {
        let answer = try await post("/api/chat")
        #expect(answer.headers["content-type"] == "application/x-ndjson")
        #expect(answer.text == "{\"done\":false}\n{\"done\":true}\n")
    }

    @Test func aKeyIsLookedForWhereTheAPIHasIt() async throws {
        let bearer = [("authorization", "Bearer secret")]
        let refused = try await post("/v1/messages", headers: bearer)
        #expect(refused.status == 401 && refused.json["type"] == "error")
        let message = refused.error["message"]?.string
        #expect(refused.error["type"] == "authentication_error")
        #expect(message == "a key is required; send the header 'x-api-key: KEY'")
        #expect(try await post("/api/chat", headers: bearer).status == 200)
        #expect(try await post("/v1/models", headers: bearer).status == 405)
    }

    @Test func whatIsNotThereIsSaidInTheAPIThatIsNearest() async throws {
        let line = try await post("/api/nothing")
        #expect(line.status == 404 && line.json["error"]?.string?.contains("/api/nothing") == true)
        let other = try await post("/v1/nothing")
        #expect(other.status == 404 && other.error["code"] == "unknown_url")
        let method = try await Self.host.value.client.send("GET", "/v1/messages")
        #expect(method.status == 405 && method.json["type"] == "error")
        #expect(method.headers["allow"] == "POST")
    }
}
