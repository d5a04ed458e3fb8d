import Engine
import Host
import Testing

@Suite struct ClassifyRouteTests {
    private func classify(_ body: JSONValue) async throws -> Answer {
        try await TestHost.shared().client.post("/v1/classify", body)
    }

    @Test func trainedLabelsComeWithTheirProbabilities() async throws {
        let answer = try await classify(["model": "words", "input": ["Who?", "Nobody."]])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["method"] == "trained")
        let data = try #require(answer.json["data"]?.array)
        #expect(data.map { $0["label"]?.string } == ["question", "statement"])
        #expect(data.map { $0["index"]?.integer } == [0, 1])
        // The model says that several labels may hold, and its logits are 2 and 0.
        let scores = data[0]["labels"]?.array?.compactMap { $0["score"]?.number } ?? []
        #expect(abs(scores[0] - 0.880797) < 1e-5 && abs(scores[1] - 0.5) < 1e-6)
    }

    @Test func oneLabelOfSeveralMeansASoftmax() async throws {
        let answer = try await classify([
            "model": "words", "input": "Who?", "multi_label": false,
        ])
        let labels = answer.json["data"]?[0]?["labels"]?.array ?? []
        let scores = labels.compactMap { $0["score"]?.number }
        #expect(abs(scores.reduce(0, +) - 1) < 1e-6 && abs(scores[0] - 0.880797) < 1e-5)
    }

    @Test func fewerLabelsAreShownWhereThatIsAskedFor() async throws {
        let answer = try await classify(["model": "words", "input": "Who?", "top_k": 1])
        #expect(answer.json["data"]?[0]?["labels"]?.array?.count == 1)
    }

    @Test(arguments: [false, true])
    func candidateLabelsAreComparedByTheirEmbeddings(isMultiLabel: Bool) async throws {
        let answer = try await classify([
            "model": "words", "input": "the fox and the hen", "labels": ["whale", "fox"],
            "hypothesis": "{}", "multi_label": .bool(isMultiLabel),
        ])
        #expect(answer.json["method"] == "zero-shot")
        #expect(answer.json["data"]?[0]?["label"] == "fox", "\(answer.text)")
        let labels = answer.json["data"]?[0]?["labels"]?.array ?? []
        let sum = labels.compactMap { $0["score"]?.number }.reduce(0, +)
        #expect((abs(sum - 1) < 1e-5) == !isMultiLabel)
    }

    @Test func entitiesComeWithTheirPlaces() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/entities", ["model": "words", "input": ["then Ada met Bob", "nobody"]])
        let data = try #require(answer.json["data"]?.array, "\(answer.text)")
        #expect(data.map { $0["index"]?.integer } == [0, 1])
        let names = data[0]["entities"]?.array ?? []
        #expect(names.map { $0["text"]?.string } == ["Ada", "Bob"])
        #expect(names[1]["start"] == 13 && names[1]["end"] == 16 && names[1]["label"] == "NAME")
        #expect(data[1]["entities"] == [])
    }
}

/// Which model serves a request, and what it says where none can.
@Suite struct AbilityTests {
    private let mixed =
        TestHost.markov + TestHost.wordbag("vectors", can: "embed")
        + TestHost.wordbag("judge", can: "score,classify")

    @Test func modelsTellWhatTheyCanDo() async throws {
        let host = try await TestHost(models: mixed)
        let models = try await host.client.send("GET", "/v1/models").json["data"]?.array ?? []
        #expect(
            models.map { $0["abilities"] } == [
                ["chat", "completion"], ["embeddings"], ["rerank", "classify"],
            ])
        #expect(models[1]["meta"]?["dimensions"] == 48 && models[1]["meta"]?["max_tokens"] == 64)
        #expect(models[2]["meta"]?["labels"] == ["question", "statement"])
        let admin = try await host.client.send("GET", "/admin/models/vectors").json
        #expect(admin["abilities"] == ["embeddings"])
        #expect(admin["model"]?["extensions"] == ["roost.vectors/1"])
        _ = try await host.client.send("POST", "/admin/models/vectors/unload")
        let unloaded = try await host.client.send("GET", "/v1/models/vectors").json
        #expect(unloaded["abilities"] == ["embeddings"] && unloaded["state"] == "unloaded")
        try await host.stop()
    }

    @Test func theOnlyModelThatCanNeedsNoName() async throws {
        let host = try await TestHost(models: mixed)
        let requests: [(String, JSONValue, String)] = [
            ("/v1/embeddings", ["input": "a"], "vectors"),
            ("/v1/rerank", ["query": "a", "documents": ["a"]], "judge"),
            ("/v1/classify", ["input": "a"], "judge"),
            ("/v1/classify", ["input": "a", "labels": ["b", "c"]], "vectors"),
            ("/v1/completions", ["prompt": "a", "max_tokens": 1], "markov"),
        ]
        for (path, body, model) in requests {
            let answer = try await host.client.post(path, body)
            #expect(answer.json["model"]?.string == model, "\(path): \(answer.text)")
        }
        try await host.stop()
    }

    @Test func ofSeveralTheSettingsDefaultIsTaken() async throws {
        let host = try await TestHost(
            models: TestHost.wordbag("a")
                + TestHost.wordbag("b", "default_for = [\"embeddings\", \"classify\"]"))
        let answer = try await host.client.post("/v1/embeddings", ["input": "a"])
        #expect(answer.json["model"] == "b")
        let rerank = try await host.client.post(
            "/v1/rerank", ["query": "a", "documents": ["a"]])
        #expect(rerank.error["message"] == "'model' is missing, expected a or b")
        try await host.stop()
    }

    @Test func aModelThatCannotNamesThoseThatCan() async throws {
        let host = try await TestHost(models: mixed)
        let cases: [(String, JSONValue, String)] = [
            (
                "/v1/embeddings", ["model": "markov", "input": "a"],
                "model 'markov' does not make embeddings; those that do: 'vectors'"
            ),
            (
                "/v1/chat/completions",
                ["model": "vectors", "messages": [["role": "user", "content": "a"]]],
                "model 'vectors' does not chat; those that do: 'markov'"
            ),
            (
                "/v1/entities", ["model": "vectors", "input": "a"],
                "model 'vectors' does not find entities; no model that is loaded does"
            ),
            (
                "/v1/entities", ["input": "a"],
                "'model' is missing, expected a model that can find entities; "
                    + "no model that is loaded can"
            ),
        ]
        for (path, body, message) in cases {
            let answer = try await host.client.post(path, body)
            #expect(answer.status == 400)
            #expect(answer.error["message"]?.string == message)
        }
        try await host.stop()
    }
}
