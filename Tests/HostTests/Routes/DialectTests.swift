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
        _ path: String, _ body: JSONValue = [:],
        headers: [(String, String)] = [("x-api-key", "secret")]
    ) async throws -> Answer {
        try await Self.host.value.client.send("POST", path, body.serialized(), headers: headers)
    }

    // MARK: - A reply

    private func message(_ body: JSONValue) async throws -> [(name: String, data: JSONValue)] {
        try await post("/v1/letters", body).text.split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard lines.count == 2 else { return nil }
            let name = String(lines[0].dropFirst("event: ".count))
            guard name != "ping" else { return nil }
            return (name, try JSONValue(parsing: String(lines[1].dropFirst("data: ".count))))
        }
    }

    @Test func oneReplyIsWrittenInAnyAPI() async throws {
        let body: JSONValue = ["question": "hello", "max_tokens": 12]
        let events = try await message(body)
        let texts = events.compactMap { $0.data["delta"]?["text"]?.string }
        #expect(
            events.map(\.name) == ["message_start", "content_block_start"]
                + texts.map { _ in "content_block_delta" }
                + ["content_block_stop", "message_delta", "message_stop"])
        let end = events[events.count - 2].data
        #expect(end["delta"]?["stop_reason"] == "max_tokens")
        #expect(end["usage"]?["output_tokens"] == 12)

        let lines = try await post("/lines/chat", body).text.split(separator: "\n").map {
            try JSONValue(parsing: String($0))
        }
        let text = lines.dropLast().map { $0["message"]?["content"]?.string ?? "?" }.joined()
        #expect(text == texts.joined() && !text.isEmpty)
        #expect(lines.last?["done_reason"] == "length" && lines.last?["eval_count"] == 12)
    }

    @Test func theStopStringThatWasMetIsNamed() async throws {
        let whole = try await message(["question": "hello", "max_tokens": 12])
        let text = whole.compactMap { $0.data["delta"]?["text"]?.string }.joined()
        let stop = String(text.dropFirst(3).prefix(3))
        let events = try await message([
            "question": "hello", "max_tokens": 12,
            "stop_sequences": ["\u{1}", .string(stop)],
        ])
        let delta = try #require(events.dropLast().last?.data["delta"])
        #expect(delta["stop_reason"] == "stop_sequence")
        #expect(delta["stop_sequence"] == .string(stop))
    }

    @Test func whatTheModelRefusesIsSaidInTheAPIThatAsked() async throws {
        let question = JSONValue.string(String(repeating: "long ", count: 20_000))
        let named = try await post("/v1/letters", ["question": question])
        #expect(named.status == 400 && named.error["type"] == "invalid_request_error")
        let line = try await post("/lines/chat", ["question": question])
        #expect(line.status == 400 && line.json["error"]?.string?.contains("tokens") == true)
    }

    // MARK: - Frames, errors, keys

    @Test func eventsHaveTheirNamesAndNothingBehindTheLast() async throws {
        let answer = try await post("/v1/letters/scripted")
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
        let blocks = try await post("/v1/letters/scripted?pauses").text.split(separator: "\n\n")
        #expect(blocks.contains("event: ping\ndata: {\"type\": \"ping\"}"))
        #expect(blocks.allSatisfy { $0.hasPrefix("event: ") })
    }

    @Test func aStreamThatFailsEndsWithTheErrorOfItsAPI() async throws {
        let named = try await post("/v1/letters/scripted?fails").text.split(separator: "\n\n")
        #expect(
            named.last == """
                event: error
                data: {"type":"error","error":{"type":"invalid_request_error","message":"no more"}}
                """)
        let lines = try await post("/lines/scripted?fails").text
        #expect(lines == "{\"done\":false}\n{\"error\":\"no more\"}\n")
    }

    @Test func linesOfJSONAreAStreamToo() async throws {
        let answer = try await post("/lines/scripted")
        #expect(answer.headers["content-type"] == "application/x-ndjson")
        #expect(answer.text == "{\"done\":false}\n{\"done\":true}\n")
    }

    @Test func aKeyIsLookedForWhereTheAPIHasIt() async throws {
        let bearer = [("authorization", "Bearer secret")]
        let refused = try await post("/v1/letters/scripted", headers: bearer)
        #expect(refused.status == 401 && refused.json["type"] == "error")
        let message = refused.error["message"]?.string
        #expect(refused.error["type"] == "authentication_error")
        #expect(message == "a key is required; send the header 'x-api-key: KEY'")
        #expect(try await post("/lines/scripted", headers: bearer).status == 200)
        #expect(try await post("/v1/models", headers: bearer).status == 405)
    }

    @Test func ofAPathThatTwoAPIsHaveTheHeadersSayWhose() async throws {
        let client = try await Self.host.value.client
        let key = ("x-api-key", "secret")
        let named = ("x-named-events", "2023-06-01")
        let own = try await client.send("GET", "/v1/models", headers: [key])
        #expect(own.json["object"] == "list")
        let other = try await client.send("GET", "/v1/models", headers: [key, named])
        #expect(other.text == "{\"data\":[]}")
        let refused = try await client.send("GET", "/v1/models", headers: [named])
        #expect(refused.status == 401 && refused.json["type"] == "error")
        let nothing = try await client.send("GET", "/v1/nothing", headers: [key, named])
        #expect(nothing.error["type"] == "not_found_error")
    }

    @Test func whatIsNotThereIsSaidInTheAPIThatIsNearest() async throws {
        let line = try await post("/lines/nothing")
        #expect(
            line.status == 404 && line.json["error"]?.string?.contains("/lines/nothing") == true)
        let other = try await post("/v1/nothing")
        #expect(other.status == 404 && other.error["code"] == "unknown_url")
        let method = try await Self.host.value.client.send("GET", "/v1/letters")
        #expect(method.status == 405 && method.json["type"] == "error")
        #expect(method.headers["allow"] == "POST")
    }
}
