import Engine
import Host
import JSON
import Testing

@Suite struct AnswerRouteTests {
    private let passages: JSONValue = [
        "Whales sing in the sea.", ["id": "capital", "text": "The capital of France is Paris."],
        "Foxes run.",
    ]
    private let question: JSONValue = "What is the capital of France?"

    @Test func theSpanThatAnswersComesWithItsSource() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/answer", ["model": "words", "question": question, "passages": passages])
        #expect(answer.status == 200, "\(answer.text)")
        let json = answer.json
        #expect(json["object"] == "answer" && json["mode"] == "extract")
        #expect(json["model"] == "words" && json["answer"] == "Paris")
        #expect((json["score"]?.number ?? 0) > 0.5)
        let source = json["sources"]?[0]
        #expect(source?["id"] == "capital" && source?["start"] == 25 && source?["end"] == 30)
        #expect(source?["text"] == "The capital of France is Paris.")
    }

    @Test func whatNoPassageHoldsIsNoAnswer() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/answer",
            ["model": "words", "question": "Who wrote Ulysses?", "passages": passages])
        #expect(answer.json["answer"] == .null, "\(answer.text)")
        #expect((answer.json["score"]?.number ?? 0) > 0.5)
    }

    @Test func onlyTheBestPassagesAreReadWhereThatIsAskedFor() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/answer",
            ["model": "words", "question": question, "passages": passages, "top_k": 1])
        #expect(answer.json["answer"] == "Paris")
        #expect(answer.json["sources"]?.array?.count == 1)
    }

    @Test func aStreamHoldsTheTextThenTheAnswerWithItsSources() async throws {
        let events = try await TestHost.shared().client.stream(
            "/v1/answer",
            ["model": "words", "question": question, "passages": passages, "stream": true])
        #expect(events.count == 2)
        let delta = try JSONValue(parsing: events[0])
        #expect(delta["object"] == "answer.delta" && delta["text"] == "Paris")
        let whole = try JSONValue(parsing: events[1])
        #expect(whole["answer"] == "Paris" && whole["sources"]?[0]?["id"] == "capital")
    }

    @Test(arguments: [false, true])
    func aChatModelAnswersFromThePassages(streams: Bool) async throws {
        let host = try await TestHost(
            models: TestHost.markov + TestHost.wordbag(can: "embed,score"))
        let body: JSONValue = [
            "question": question, "passages": passages, "top_k": 2, "max_tokens": 12,
            "stream": .bool(streams),
        ]
        var json = JSONValue.null
        if streams {
            let events = try await host.client.stream("/v1/answer", body)
            json = try JSONValue(parsing: try #require(events.last))
            let text = try events.dropLast().map {
                try JSONValue(parsing: $0)["text"]?.string ?? ""
            }
            #expect(text.joined() == json["answer"]?.string)
        } else {
            json = try await host.client.post("/v1/answer", body).json
        }
        #expect(json["mode"] == "generate" && json["model"] == "markov")
        #expect(json["answer"]?.string?.isEmpty == false && json["score"] == .null)
        // The passages are those that the reranker put first.
        #expect(json["sources"]?.array?.count == 2)
        #expect(json["sources"]?[0]?["id"] == "capital")
        #expect(json["sources"]?[0]?["cited"] == false)
        #expect((json["usage"]?["completion_tokens"]?.integer ?? 0) > 0)
        try await host.stop()
    }

    @Test func passagesThatDoNotFitTheContextAreLeftOut() async throws {
        let host = try await TestHost(models: TestHost.model("markov", "context = 700"))
        let long = (0..<8).map { JSONValue.string("\($0) " + String(repeating: "a", count: 90)) }
        let answer = try await host.client.post(
            "/v1/answer", ["question": "Why?", "passages": .array(long), "max_tokens": 10])
        #expect(answer.status == 200, "\(answer.text)")
        let kept = answer.json["sources"]?.array ?? []
        #expect((1..<8).contains(kept.count) && kept[0]["id"] == 0)
        let huge = JSONValue.string(String(repeating: "a", count: 5000))
        let cut = try await host.client.post(
            "/v1/answer", ["question": "Why?", "passages": [huge], "max_tokens": 10])
        #expect((cut.json["sources"]?[0]?["text"]?.string ?? huge.string ?? "").count < 700)
        try await host.stop()
    }

    @Test func theModeSaysWhichKindOfAnswer() async throws {
        let host = try await TestHost(models: TestHost.markov + TestHost.wordbag())
        let body: JSONValue = ["question": question, "passages": passages, "max_tokens": 3]
        var request = try #require(body.object)
        #expect(try await host.client.post("/v1/answer", body).json["mode"] == "extract")
        request["mode"] = "generate"
        let generated = try await host.client.post("/v1/answer", .object(request))
        #expect(generated.json["mode"] == "generate" && generated.json["model"] == "markov")
        request["mode"] = nil
        request["model"] = "markov"
        let named = try await host.client.post("/v1/answer", .object(request))
        #expect(named.json["mode"] == "generate")
        request["mode"] = "extract"
        let wrong = try await host.client.post("/v1/answer", .object(request))
        #expect(
            wrong.error["message"]
                == "model 'markov' does not find answers in passages; those that do: 'words'")
        try await host.stop()
    }

    @Test func aClientThatLeavesEndsTheGeneration() async throws {
        struct Left: Error {}
        let host = try await TestHost(models: TestHost.slow())
        let body: JSONValue = [
            "question": question, "passages": passages, "max_tokens": 4000, "stream": true,
        ]
        await #expect(throws: Left.self) {
            try await host.client.events("POST", "/v1/answer", body: body) { _ in throw Left() }
        }
        try await host.client.wait(for: "roost_jobs_running", of: "slow", "text") { $0 == 0 }
        try await host.stop()
    }
}
