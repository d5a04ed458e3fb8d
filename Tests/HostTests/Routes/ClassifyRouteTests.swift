import Engine
import Host
import JSON
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

    // MARK: - Pairs

    /// A model of natural language inference, whose logits are -4, 0 and 4 where all words of the second text are in
    /// the first.
    private static let inference = TestHost.wordbag("judge", can: "infer")

    @Test func pairsAreReadTogether() async throws {
        let host = try await TestHost(models: Self.inference)
        let bodies: [JSONValue] = [
            ["input": ["a fox ran", "a hen"], "text_pair": ["fox", "cow"]],
            ["input": [["a fox ran", "fox"], ["a hen", "cow"]]],
            ["inputs": [["a fox ran", "fox"], ["a hen", "cow"]]],
        ]
        for body in bodies {
            let answer = try await host.client.post("/v1/classify", body)
            #expect(answer.status == 200, "\(answer.text)")
            let data = answer.json["data"]?.array ?? []
            #expect(data.map { $0["label"]?.string } == ["ENTAILMENT", "contradiction"])
            // eˣ / Σ eˣ of -4, 0, 4
            #expect(abs((data.first?["score"]?.number ?? 0) - 0.981690) < 1e-5)
            #expect(data.map { $0["tokens"]?.integer } == [7, 6])
            #expect(answer.headers["x-roost-ignored"] == nil)
        }
        let single = try await host.client.post(
            "/v1/classify", ["input": "a fox", "text_pair": "fox", "raw_scores": true])
        let scores = single.json["data"]?[0]?["labels"]?.array?.compactMap { $0["score"]?.number }
        #expect(scores == [4, 0, -4])
        try await host.stop()
    }

    @Test(arguments: [
        (#""input":["a","b"],"text_pair":["c"]"#, "text_pair"),
        (#""input":[["a","b"]],"text_pair":["c"]"#, "text_pair"),
        (#""input":[["a","b"],["c"]]"#, "input[1]"), (#""input":[["a","b"],"c"]"#, "input[1]"),
        (#""input":[["a",5]]"#, "input[0][1]"), (#""inputs":[["a","b"],["c"]]"#, "inputs[1]"),
        (#""input":"a","text_pair":"b","labels":["c"]"#, "labels"),
        (#""input":"a","text_pair":5"#, "text_pair"),
    ])
    func wrongPairsAreNamed(members: String, param: String) async throws {
        let answer = try await TestHost.shared().client.send(
            "POST", "/v1/classify", #"{"model":"words",\#(members)}"#)
        #expect(answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test func aModelOfSingleTextsRefusesPairs() async throws {
        let answer = try await classify(["model": "words", "input": "a", "text_pair": "b"])
        #expect(answer.status == 400 && answer.error["param"] == "text_pair", "\(answer.text)")
    }

    @Test func anInferringModelGivesAnyLabels() async throws {
        let host = try await TestHost(
            models: TestHost.wordbag("plain", can: "classify") + Self.inference)
        let body: JSONValue = [
            "input": ["the fox and the hen", "nothing"], "candidate_labels": ["whale", "fox"],
            "hypothesis_template": "{}",
        ]
        let one = try await host.client.post("/v1/classify", body)
        #expect(one.json["model"] == "judge" && one.json["method"] == "entailment", "\(one.text)")
        let labels = one.json["data"]?[0]?["labels"]?.array ?? []
        #expect(labels.map { $0["label"]?.string } == ["fox", "whale"])
        // Of the logits 4 and 0 of entailment.
        #expect(abs((labels.first?["score"]?.number ?? 0) - 0.982014) < 1e-5)
        var several = try #require(body.object)
        several["multi_label"] = true
        let each = try await host.client.post("/v1/classify", .object(several))
        let scores =
            each.json["data"]?[0]?["labels"]?.array?.compactMap { $0["score"]?.number } ?? []
        // Of 4 against -4, and of 0 against 0.
        try #require(scores.count == 2, "\(each.text)")
        #expect(abs(scores[0] - 0.999665) < 1e-5 && abs(scores[1] - 0.5) < 1e-6)
        let wrong = try await host.client.post(
            "/v1/classify", ["model": "plain", "input": "a", "labels": ["b"]])
        #expect(wrong.status == 400)
        #expect(wrong.error["message"]?.string?.contains("'question', 'statement'") == true)
        try await host.stop()
    }

    // MARK: - Long texts

    @Test func aTextThatIsCutIsToldOrRefused() async throws {
        let client = try await TestHost.shared().client
        let long = JSONValue.string(Array(repeating: "word", count: 100).joined(separator: " "))
        let bodies: [(String, [String: JSONValue], String)] = [
            ("/v1/classify", ["input": ["a", long]], "input[1]"),
            ("/v1/embeddings", ["input": ["a", long]], "input[1]"),
            ("/v1/embeddings", ["input": long], "input"),
            ("/v1/similarity", ["source": "a", "sentences": [long]], "sentences[0]"),
            ("/v1/similarity", ["source": long, "sentences": ["a"]], "source"),
            ("/v1/rerank", ["query": "a", "documents": ["b", long]], "documents[1]"),
            ("/rerank", ["query": "a", "texts": ["b", long]], "texts[1]"),
            ("/v1/classify", ["input": long, "labels": ["b"]], "input"),
        ]
        for (path, body, param) in bodies {
            var body = JSONObject(body.map { (key: $0, value: $1) })
            body["model"] = "words"
            let cut = try await client.post(path, .object(body))
            #expect(cut.status == 200, "\(cut.text)")
            let items = (cut.json["data"] ?? cut.json["results"] ?? cut.json).array ?? []
            #expect(items.contains { $0["truncated"] == true } != (param == "source"), "\(path)")
            #expect(items.allSatisfy { $0["tokens"]?.integer ?? 0 > 0 }, "\(path)")
            if cut.json.object != nil { #expect(cut.json["truncated"] == true, "\(path)") }
            body["truncate"] = false
            let refused = try await client.post(path, .object(body))
            #expect(
                refused.status == 400 && refused.error["param"]?.string == param, "\(refused.text)")
            #expect(refused.error["message"]?.string?.contains("expected up to 64") == true)
        }
        let whole = try await client.post(
            "/v1/embeddings", ["model": "words", "input": ["a", "b c"], "truncate": false])
        #expect(whole.json["truncated"] == false, "\(whole.text)")
        #expect(whole.json["data"]?.array?.map { $0["tokens"]?.integer } == [3, 4])
        #expect(whole.json["data"]?.array?.map { $0["truncated"]?.bool } == [false, false])
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
