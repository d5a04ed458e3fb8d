import Engine
import Host
import JSON
import Testing

@Suite struct CompletionRouteTests {
    private let greedy: JSONValue = [
        "model": "markov", "prompt": "I have no we", "temperature": 0, "max_tokens": 6,
    ]

    private func chunks(_ events: [String]) throws -> [JSONValue] {
        #expect(events.last == EventReader.end)
        return try events.dropLast().map { try JSONValue(parsing: $0) }
    }

    @Test func aCompletionHasTheShapeOfTheAPI() async throws {
        let answer = try await TestHost.shared().client.post("/v1/completions", greedy)
        #expect(answer.status == 200)
        #expect(answer.json["object"] == "text_completion" && answer.json["model"] == "markov")
        #expect(answer.json["choices"]?[0]?["text"] == "ights;")
        #expect(answer.json["choices"]?[0]?["finish_reason"] == "length")
        #expect(answer.json["usage"]?["prompt_tokens"] == 12)
        #expect(answer.json["usage"]?["completion_tokens"] == 6)
        #expect(answer.json["usage"]?["total_tokens"] == 18)
    }

    @Test func aStreamCarriesTheTextOfTheWholeAnswer() async throws {
        let client = try await TestHost.shared().client
        let chat: JSONValue = [
            "model": "markov", "messages": [["role": "user", "content": "Hi"]], "seed": 7,
            "max_tokens": 90,
        ]
        let whole = try await client.post("/v1/chat/completions", chat).json
        var request = try #require(chat.object)
        request["stream"] = true
        request["stream_options"] = ["include_usage": true]
        let chunks = try chunks(try await client.stream("/v1/chat/completions", .object(request)))
        let choices = chunks.compactMap { $0["choices"]?[0] }
        #expect(choices.first?["delta"]?["role"] == "assistant")
        let text = choices.compactMap { $0["delta"]?["content"]?.string }.joined()
        #expect(text == whole["choices"]?[0]?["message"]?["content"]?.string)
        #expect(!text.isEmpty)
        let reasons = choices.compactMap { $0["finish_reason"]?.string }
        #expect(reasons == [whole["choices"]?[0]?["finish_reason"]?.string].compactMap { $0 })
        #expect(
            chunks.last?["choices"] == []
                && chunks.last?["usage"]?["completion_tokens"]
                    == whole["usage"]?["completion_tokens"]
        )
        #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
        #expect(Set(chunks.map { $0["id"]?.string }).count == 1)
    }

    private func texts(of request: JSONObject, at host: TestHost) async throws -> Set<String?> {
        var request = request
        var texts: Set<String?> = []
        for seed in 0..<8 {
            request["seed"] = .integer(seed)
            let answer = try await host.client.post("/v1/completions", .object(request))
            texts.insert(answer.json["choices"]?[0]?["text"]?.string)
        }
        return texts
    }

    @Test func aModelsOwnSamplingIsTakenWhereARequestSaysNone() async throws {
        let lines = """
            default_for = ["completion"]
            sampling = { temperature = 0, top_p = 0.5 }
            """
        let host = try await TestHost(models: TestHost.model("markov", lines))
        let told = try await host.client.send("GET", "/v1/models/markov").json["meta"]?["sampling"]
        #expect(told?["temperature"]?.number == 0 && told?["top_p"]?.number == 0.5)
        for model in ["markov", nil] {
            var request = JSONObject([
                (key: "prompt", value: "I have no we"), (key: "max_tokens", value: 60),
            ])
            request["model"] = model.map { .string($0) }
            #expect(try await texts(of: request, at: host).count == 1)
            request["temperature"] = 2
            request["top_p"] = 1
            #expect(try await texts(of: request, at: host).count > 1)
        }
        try await host.stop()
    }

    @Test func promptsAreTextTextsTokensOrArraysOfTokens() async throws {
        let client = try await TestHost.shared().client
        let bytes = JSONValue.array("I have no we".utf8.map { .integer(Int($0)) })
        for prompt in [greedy["prompt"] ?? .null, bytes, .array([bytes]), ["I have no we"]] {
            var request = try #require(greedy.object)
            request["prompt"] = prompt
            let answer = try await client.post("/v1/completions", .object(request))
            #expect(answer.json["choices"]?[0]?["text"] == "ights;", "\(prompt)")
        }
    }

    @Test func choicesOfSeveralPromptsAreNumberedPromptByPrompt() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/completions",
            [
                "model": "markov", "prompt": ["I have no we", "The quick bro"], "n": 2,
                "temperature": 0, "max_tokens": 1,
            ])
        let texts = answer.json["choices"]?.array?.map { $0["text"]?.string }
        #expect(texts == ["i", "i", "w", "w"])
        #expect(answer.json["choices"]?.array?.map { $0["index"]?.integer } == [0, 1, 2, 3])
        #expect(
            answer.json["usage"]?["prompt_tokens"] == 25
                && answer.json["usage"]?["completion_tokens"] == 4)
    }

    @Test func severalChoicesCanBeStreamed() async throws {
        let events = try await TestHost.shared().client.stream(
            "/v1/completions",
            [
                "model": "markov", "prompt": "I have no we", "n": 3, "temperature": 0,
                "max_tokens": 6, "stream": true,
            ])
        let choices = try chunks(events).compactMap { $0["choices"]?[0] }
        for index in 0..<3 {
            let mine = choices.filter { $0["index"]?.integer == index }
            #expect(mine.compactMap { $0["text"]?.string }.joined() == "ights;")
            #expect(mine.last?["finish_reason"] == "length")
        }
    }

    @Test func logProbabilitiesComeInTheShapeOfTheirRoute() async throws {
        let client = try await TestHost.shared().client
        var request = try #require(greedy.object)
        request["logprobs"] = 2
        let text = try await client.post("/v1/completions", .object(request)).json["choices"]?[0]?[
            "logprobs"]
        #expect(text?["tokens"] == ["i", "g", "h", "t", "s", ";"])
        #expect(text?["text_offset"] == [0, 1, 2, 3, 4, 5])
        #expect(
            text?["token_logprobs"]?.array?.count == 6
                && text?["top_logprobs"]?[0]?.object?.count == 2)
        let chat = try await client.post(
            "/v1/chat/completions",
            [
                "model": "markov", "messages": [["role": "user", "content": "I have"]],
                "logprobs": true,
                "top_logprobs": 2, "max_tokens": 3,
            ])
        let content = chat.json["choices"]?[0]?["logprobs"]?["content"]?.array ?? []
        #expect(content.count == 3)
        for entry in content {
            #expect(entry["logprob"]?.number ?? 1 <= 0)
            #expect(entry["bytes"]?.array?.count == 1 && entry["top_logprobs"]?.array?.count == 2)
        }
    }

    private let conversation: JSONValue = [
        ["role": "system", "content": "A"],
        [
            "role": "user",
            "content": [["type": "text", "text": "B"], ["type": "text", "text": "C"]],
        ],
    ]

    @Test func aModelsOwnTemplateMakesThePrompt() async throws {
        let client = try await TestHost.shared().client
        let models = try await client.send("GET", "/v1/models").json
        #expect(models["data"]?[0]?["meta"]?["chat_template"] == "model")
        let prompt = try await client.post(
            "/v1/tokenize", ["model": "markov", "messages": conversation])
        #expect(prompt.json["tokens"] == .array("A\n\nB\nC\n\n".utf8.map { .integer(Int($0)) }))
    }

    @Test func aModelWithoutATemplateGoesOnWithTheMessages() async throws {
        let host = try await TestHost(models: TestHost.slow())
        let models = try await host.client.send("GET", "/v1/models").json
        #expect(models["data"]?[0]?["meta"]?["chat_template"] == "plain")
        let prompt = try await host.client.post("/v1/tokenize", ["messages": conversation])
        let expected = [256] + "A\nB\nC\n".utf8.map { Int($0) }
        #expect(prompt.json["tokens"] == .array(expected.map { .integer($0) }))
        try await host.stop()
    }

    @Test func tokensAndTextTurnIntoEachOther() async throws {
        let client = try await TestHost.shared().client
        let tokens = try await client.post("/v1/tokenize", ["model": "markov", "text": "Hé"]).json
        #expect(tokens["tokens"] == [72, 195, 169] && tokens["count"] == 3)
        let text = try await client.post(
            "/v1/detokenize", ["model": "markov", "tokens": tokens["tokens"] ?? .null])
        #expect(text.json["text"] == "Hé")
    }

    @Test func theOnlyModelNeedsNoName() async throws {
        let client = try await TestHost.shared().client
        #expect(
            try await client.post("/v1/completions", ["prompt": "I", "max_tokens": 1]).status == 200
        )
        let host = try await TestHost(
            models: TestHost.model("a") + TestHost.model("b", "default_for = \"chat\""))
        let chat = try await host.client.post(
            "/v1/chat/completions",
            ["messages": [["role": "user", "content": "Hi"]], "max_tokens": 1])
        #expect(chat.json["model"] == "b")
        let text = try await host.client.post("/v1/completions", ["prompt": "I"])
        #expect(text.status == 400 && text.error["param"] == "model")
        #expect(text.error["message"] == "'model' is missing, expected a or b")
        try await host.stop()
    }

    @Test func theBestOfSeveralIsTheLikeliestPerToken() async throws {
        let client = try await TestHost.shared().client
        var request = try #require(greedy.object)
        (request["temperature"], request["seed"]) = (1, 3)
        (request["n"], request["logprobs"]) = (5, 0)
        let all = try await client.post("/v1/completions", .object(request)).json
        let scored = (all["choices"]?.array ?? []).map { choice in
            let logprobs = choice["logprobs"]?["token_logprobs"]?.array?.compactMap(\.number) ?? []
            return (
                text: choice["text"]?.string,
                mean: logprobs.reduce(0, +) / Double(max(1, logprobs.count))
            )
        }
        #expect(scored.count == 5)
        (request["n"], request["best_of"], request["logprobs"]) = (2, 5, nil)
        let best = try await client.post("/v1/completions", .object(request)).json
        let expected = scored.enumerated().sorted {
            ($1.element.mean, $0.offset) < ($0.element.mean, $1.offset)
        }.prefix(2)
        #expect(
            best["choices"]?.array?.map { $0["text"]?.string } == expected.map(\.element.text))
        #expect(best["choices"]?.array?.map { $0["index"]?.integer } == [0, 1])
        #expect(best["usage"]?["completion_tokens"] == all["usage"]?["completion_tokens"])
        for (name, value, param) in [("best_of", 1, "best_of"), ("stream", true, "best_of")]
            as [(String, JSONValue, String)]
        {
            var wrong = request
            wrong[name] = value
            let answer = try await client.post("/v1/completions", .object(wrong))
            #expect(answer.status == 400 && answer.error["param"]?.string == param)
        }
    }

    @Test func aPromptsLogProbabilitiesHaveTheShapeOfVLLM() async throws {
        let client = try await TestHost.shared().client
        var request = try #require(greedy.object)
        request["prompt_logprobs"] = 2
        let answer = try await client.post("/v1/completions", .object(request)).json
        let places = try #require(answer["choices"]?[0]?["prompt_logprobs"]?.array)
        #expect(places.count == 12 && places[0] == .null)
        // "I have no we": the second token is a space, 32.
        let second = try #require(places[1]["32"])
        #expect(second["decoded_token"] == " " && second["logprob"]?.number ?? 1 <= 0)
        #expect(second["rank"]?.integer ?? 0 >= 1)
        #expect(places.dropFirst().allSatisfy { (2...3).contains($0.object?.count ?? 0) })
        let chat: JSONValue = [
            "model": "markov", "messages": [["role": "user", "content": "Hi"]], "max_tokens": 1,
            "prompt_logprobs": 0,
        ]
        let chatted = try await client.post("/v1/chat/completions", chat).json
        #expect(chatted["prompt_logprobs"]?.array?.first == .null)
        request["stream"] = true
        let streamed = try await client.post("/v1/completions", .object(request))
        #expect(streamed.status == 400 && streamed.error["param"] == "prompt_logprobs")
    }

    @Test func aFullContextIsAnErrorOrMakesRoom() async throws {
        let host = try await TestHost(models: TestHost.model("markov", "context = 16"))
        let client = host.client
        var request = try #require(greedy.object)
        request["prompt"] = "we have no weights, I have no we"
        let refused = try await client.post("/v1/completions", .object(request))
        #expect(refused.status == 400, "\(refused.text)")
        request["context_overflow"] = "shift"
        request["max_tokens"] = 30
        let shifted = try await client.post("/v1/completions", .object(request)).json
        #expect(shifted["usage"]?["completion_tokens"] == 30, "\(shifted)")
        #expect(
            shifted["usage"]?["prompt_tokens_details"]?["dropped_tokens"]?.integer ?? 0 > 20)
        request["context_overflow"] = "error"
        (request["max_tokens"], request["truncate_prompt_tokens"]) = (6, -1)
        let cut = try await client.post("/v1/completions", .object(request)).json
        #expect(cut["usage"]?["prompt_tokens"] == 10)
        #expect(cut["choices"]?[0]?["text"] == "ights;")
        request["truncate_prompt_tokens"] = 0
        #expect(try await client.post("/v1/completions", .object(request)).status == 400)
        try await host.stop()
    }
}
