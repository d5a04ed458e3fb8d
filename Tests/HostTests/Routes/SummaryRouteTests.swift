import Engine
import Host
import JSON
import Testing

@Suite struct SummaryRouteTests {
    /// Sentences of 600 tokens: one fits into a part of 1024, two do not.
    private static let long = (0..<3).map {
        String(String(repeating: "\($0) bees hum, ", count: 50).dropLast()) + "\n"
    }

    private func summarize(_ body: JSONValue) async throws -> Answer {
        try await TestHost.shared().client.post("/v1/summarize", body)
    }

    private func summary(_ text: String, tokens: Int = 5) async throws -> String {
        let answer = try await summarize(["input": .string(text), "max_tokens": .integer(tokens)])
        return try #require(answer.json["summary"]?.string, "\(answer.text)")
    }

    @Test func aTextBecomesASummary() async throws {
        let answer = try await summarize(["input": "Bees hum in May.", "max_tokens": 5])
        #expect(answer.status == 200, "\(answer.text)")
        let json = answer.json
        #expect(json["object"] == "summary" && json["model"] == "reader" && json["parts"] == 1)
        #expect(json["summary"]?.string?.count == 5 && json["finish_reason"] == "length")
        // The text's bytes and the token that begins it.
        #expect(json["usage"]?["prompt_tokens"] == 17)
        #expect(json["usage"]?["completion_tokens"] == 5)
        let other = try await summary("Bees hum in June.")
        #expect(other != json["summary"]?.string)
        #expect(try await summary("Bees hum in May.") == json["summary"]?.string)
    }

    @Test func aStreamIsTheSummaryAndThenTheWholeAnswer() async throws {
        let host = try await TestHost.shared()
        let events = try await host.client.stream(
            "/v1/summarize", ["input": "Bees hum.", "max_tokens": 9, "stream": true])
        let parsed = try events.map { try JSONValue(parsing: $0) }
        let text = parsed.dropLast().map { $0["text"]?.string ?? "?" }.joined()
        #expect(parsed.dropLast().allSatisfy { $0["object"] == "summary.delta" })
        #expect(parsed.last?["summary"]?.string == text && text.count == 9)
    }

    @Test func aTextTooLongToReadAtOnceIsReadInParts() async throws {
        let text = Self.long.joined()
        let answer = try await summarize(["input": .string(text), "max_tokens": 4])
        #expect(answer.json["parts"] == 3, "\(answer.text)")
        var alone: [String] = []
        for part in Self.long { alone.append(try await summary(part, tokens: 4)) }
        #expect(answer.json["summary"]?.string == alone.joined(separator: "\n\n"))
        #expect(answer.json["usage"]?["completion_tokens"] == 12)
    }

    @Test func whatIsWrongIsNamed() async throws {
        let cases: [(body: JSONValue, param: JSONValue, says: String)] = [
            ([:], "input", "a string"),
            (["input": 5], "input", "expected a string"),
            (["input": " \n"], "input", "is empty"),
            (["input": "a", "n": 2], "n", "expected 1"),
            (["input": "a", "temperature": 9], "temperature", "from 0.0 to 2.0"),
            (["input": "a", "no_repeat_ngram_size": -1], "no_repeat_ngram_size", "from 0 to 64"),
            (
                ["input": "a", "model": "markov"], .null,
                "does not summarize texts; those that do: 'reader'"
            ),
        ]
        for (body, param, says) in cases {
            let answer = try await summarize(body)
            #expect(answer.status == 400 && answer.error["param"] ?? .null == param)
            #expect(answer.error["message"]?.string?.contains(says) == true, "\(answer.text)")
        }
        let endless = String(repeating: "bees ", count: 64 * 1024 / 5 + 1)
        let answer = try await summarize(["input": .string(endless)])
        #expect(answer.error["code"] == "context_length_exceeded", "\(answer.text)")
    }

    @Test func anEncoderDecoderSaysWhatItIsFor() async throws {
        let host = try await TestHost.shared()
        let model = try await host.client.send("GET", "/v1/models/reader").json
        #expect(model["abilities"] == ["summarize"])
        #expect(model["meta"]?["sampling"] == ["temperature": 0.0])
        #expect(model["meta"]?["chat_template"] == nil)
        let chat = try await host.client.post(
            "/v1/chat/completions",
            ["model": "reader", "messages": [["role": "user", "content": "hi"]]])
        #expect(chat.error["message"]?.string?.contains("does not chat") == true)
    }

    /// Its prompt is what it reads; the same tokens as a summary's.
    @Test func anEncoderDecoderCompletesByName() async throws {
        let host = try await TestHost.shared()
        let body: JSONValue = [
            "model": "reader", "prompt": "Bees hum.", "max_tokens": 6, "temperature": 0,
        ]
        let answer = try await host.client.post("/v1/completions", body)
        let text = try #require(answer.json["choices"]?[0]?["text"]?.string, "\(answer.text)")
        #expect(text == (try await summary("Bees hum.", tokens: 6)))
        var echo = try #require(body.object)
        echo["echo"] = true
        let refused = try await host.client.post("/v1/completions", .object(echo))
        #expect(refused.error["param"] == "echo", "\(refused.text)")
    }

    @Test func aClientThatLeavesStopsTheParts() async throws {
        let host = try await TestHost(
            models: TestHost.reader("slow", #"settings = { pace = "20" }"#))
        let text = Self.long.joined()
        let asking = Task {
            try await host.client.post("/v1/summarize", ["input": .string(text)])
        }
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 > 0 }
        asking.cancel()
        _ = await asking.result
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 0 }
        try await host.client.wait(for: "roost_jobs_cancelled_total", of: "slow", "text") {
            $0 > 0
        }
        try await host.stop()
    }
}
