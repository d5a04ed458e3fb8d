import Engine
import Foundation
import Host
import JSON
import Testing

/// What becomes of the members of a body that other hosts know, and of those that nobody does.
@Suite struct FieldTests {
    private func complete(_ members: String) async throws -> Answer {
        try await TestHost.shared().client.send(
            "POST", "/v1/completions",
            #"{"model":"markov","prompt":"I have no we","temperature":0,\#(members)}"#)
    }

    private func text(_ members: String) async throws -> String? {
        try await complete(members).json["choices"]?[0]?["text"]?.string
    }

    @Test(arguments: [
        ("structural_tag", #"{"type":"x"}"#), ("grammar_triggers", #"[{"value":"x"}]"#),
        ("tool_choice", #""required""#), ("tool_choice", #"{"type":"function"}"#),
        ("function_call", #"{"name":"f"}"#), ("suffix", #""x""#),
        ("use_beam_search", "true"), ("num_beams", "4"), ("tfs_z", "0.9"), ("dry_range", "64"),
        ("dynatemp_min", "0.5"),
        ("chat_template", #""x""#),
        ("lora", #"[{"id":0}]"#), ("n_probs", "5"), ("samplers", #"["top_k"]"#),
        ("response_fields", #"["content"]"#), ("inputs", #""x""#),
        ("parameters", #"{"max_new_tokens":3}"#), ("return_full_text", "true"),
        ("watermark", "true"), ("options", #"{"num_predict":3}"#), ("format", #""json""#),
        ("system", #""Be kind.""#), ("think", "true"), ("reasoning_effort", #""high""#),
        ("thinking", #"{"type":"enabled"}"#), ("audio", #"{"voice":"x"}"#),
        ("web_search_options", #"{"a":1}"#), ("penalty_alpha", "0.6"),
        ("logits_processors", #"["x"]"#), ("safe_prompt", "true"),
    ])
    func whatWouldChangeTheAnswerIsRefusedByItsName(name: String, value: String) async throws {
        let answer = try await complete(#""max_tokens":1,"\#(name)":\#(value)"#)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.error["param"]?.string == name)
        #expect(answer.error["code"] == "unsupported_parameter")
    }

    @Test(arguments: [
        ("mirostat", "0"), ("mirostat_tau", "5"), ("tool_choice", #""none""#),
        ("tool_choice", #""auto""#), ("best_of", "1"), ("suffix", "null"), ("suffix", #""""#),
        ("grammar", #""""#), ("dry_multiplier", "0.0"), ("dry_base", "1.75"),
        ("dry_sequence_breakers", #"["\n"]"#), ("xtc_probability", "0"), ("xtc_threshold", "0.1"),
        ("use_beam_search", "false"), ("num_beams", "1"), ("tfs_z", "1.0"), ("n_keep", "-1"),
        ("lora", "[]"), ("options", "{}"), ("think", "false"), ("length_penalty", "1"),
        ("user", #""me""#), ("metadata", #"{"a":"b"}"#), ("store", "true"),
        ("service_tier", #""auto""#), ("cache_prompt", "true"), ("id_slot", "0"),
        ("keep_alive", #""5m""#), ("priority", "3"), ("parallel_tool_calls", "false"),
        ("n_predict", "-1"), ("repeat_last_n", "-1"), ("thinking", #"{"type":"disabled"}"#),
    ])
    func whatChangesNothingPassesWithoutAWord(name: String, value: String) async throws {
        let answer = try await complete(#""max_tokens":6,"\#(name)":\#(value)"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["choices"]?[0]?["text"] == "ights;")
        #expect(answer.headers["x-roost-ignored"] == nil)
    }

    @Test func otherNamesMeanTheSame() async throws {
        for name in ["n_predict", "num_predict", "max_new_tokens"] {
            #expect(try await text(#""\#(name)":3"#) == "igh")
        }
        #expect(try await text(#""max_tokens":9,"stop_sequences":["t"]"#) == "igh")
        for (name, wrong) in [
            ("repeat_penalty", "0"), ("repeat_last_n", "-2"), ("mirostat_mode", "1"),
            ("mirostat", "1"), ("nsigma", "-2"), ("min_keep", "-1"), ("dry_base", "0.5"),
            ("dry_sequence_breakers", #"["a", ""]"#), ("xtc_threshold", "1.5"),
        ] {
            let answer = try await complete(#""max_tokens":1,"\#(name)":\#(wrong)"#)
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.error["param"]?.string == name)
            #expect(answer.error["code"] == "invalid_value")
        }
    }

    @Test func twoNamesOfOneThingMustAgree() async throws {
        #expect(try await text(#""max_tokens":3,"n_predict":3"#) == "igh")
        #expect(try await text(#""max_tokens":3,"n_predict":-1"#) == "igh")
        let answer = try await complete(#""max_tokens":3,"n_predict":5"#)
        #expect(answer.status == 400 && answer.error["param"] == "n_predict", "\(answer.text)")
        #expect(
            answer.error["message"]
                == "'n_predict' is given beside 'max_tokens', which means the same; send one of them"
        )
    }

    @Test func aWrongValueIsNamedAsItWasSent() async throws {
        let answer = try await complete(#""n_predict":"many""#)
        #expect(answer.status == 400 && answer.error["param"] == "n_predict", "\(answer.text)")
    }

    @Test func aWordThatNobodyKnowsIsNamed() async throws {
        let host = try await TestHost.shared()
        let answer = try await complete(
            #""max_tokens":1,"max_tokns":5,"frobnicate":{"a":1},"nothing":null"#)
        #expect(answer.status == 200)
        #expect(
            answer.headers["x-roost-ignored"] == "max_tokns (did you mean max_tokens?), frobnicate")
        let id = try #require(answer.headers["x-request-id"])
        let line = host.lines.text.split(separator: "\n").last { $0.contains(id) }
        #expect(line?.contains("frobnicate") == true, "\(line ?? "no line")")
        let stream = try await host.client.send(
            "POST", "/v1/chat/completions",
            #"{"messages":[{"role":"user","content":"a","name":"b"}],"max_tokens":1,"stream":true,"#
                + #""stream_options":{"include_usag":true}}"#)
        #expect(
            stream.headers["x-roost-ignored"]
                == "stream_options.include_usag (did you mean include_usage?)")
    }

    /// Each name is compared with some hundred, so that a megabyte of them took minutes.
    @Test(.timeLimit(.minutes(1))) func ofVeryManyUnknownNamesTheFirstAreNamed() async throws {
        let names = (0..<60_000).map { #""name_\#($0)":1"# }.joined(separator: ",")
        let answer = try await complete(#""max_tokens":1,\#(names)"#)
        #expect(answer.status == 200)
        let ignored = answer.headers["x-roost-ignored"] ?? ""
        #expect(ignored.hasPrefix("name_0, ") && ignored.hasSuffix(", name_15, ..."), "\(ignored)")
    }

    @Test func aNameCannotBreakTheHeader() async throws {
        let name = String(repeating: "é", count: 3) + #"\r\nx-evil: 1"# + "," + "a b"
        let answer = try await complete(#""max_tokens":1,"\#(name)":5"#)
        #expect(answer.status == 200 && answer.headers["x-evil"] == nil)
        #expect(answer.headers["x-roost-ignored"]?.hasPrefix("?????x-evil:?1?a?b") == true)
    }

    @Test(arguments: [
        ("/v1/embeddings", #""input":"a""#), ("/v1/rerank", #""query":"a","documents":["b"]"#),
        ("/v1/classify", #""input":"a""#), ("/v1/entities", #""input":"a""#),
        ("/v1/similarity", #""source":"a","sentences":["b"]"#),
        ("/v1/answer", #""question":"a","passages":["a b"]"#),
    ])
    func everyRouteNamesWhatItIgnores(path: String, members: String) async throws {
        let answer = try await TestHost.shared().client.send(
            "POST", path, #"{"model":"words",\#(members),"user":"me","frobnicate":1}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.headers["x-roost-ignored"] == "frobnicate", "\(path)")
    }

    @Test func aStrictHostRefusesWhatNobodyKnows() async throws {
        let host = try await TestHost(server: "strict = true")
        let answer = try await host.client.post(
            "/v1/completions", ["prompt": "a", "max_tokens": 1, "max_tokns": 5])
        #expect(answer.status == 400 && answer.error["param"] == "max_tokns", "\(answer.text)")
        #expect(answer.error["message"]?.string?.contains("did you mean 'max_tokens'?") == true)
        let known = try await host.client.post(
            "/v1/completions", ["prompt": "a", "max_tokens": 1, "user": "me"])
        #expect(known.status == 200)
        try await host.stop()
    }

    @Test(arguments: [
        ("anthropic", [FieldTable.messages]), ("responses", [FieldTable.responses]),
        ("kserve", [FieldTable.inferParameters]), ("tei-and-llama-cpp", [FieldTable.tei]),
        (
            "ollama",
            [FieldTable.ollamaText, .ollamaOptions, .ollamaVectors, .ollamaModels]
        ),
    ])
    func everyNameOfAnAPIStandsOnItsPage(page: String, tables: [FieldTable]) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/http/\(page).md")
        let text = try String(contentsOf: file, encoding: .utf8)
        for table in tables {
            #expect(table.names.filter { !text.contains("`\($0)`") } == [])
        }
    }

    @Test func everyNameOfTheTablesStandsInTheDocumentation() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../docs/http-api.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        for table in [FieldTable.text, .vectors, .images, .tokens] {
            let missing = table.names.filter { !text.contains("`\($0)`") }
            #expect(missing == [])
        }
    }

    // MARK: - What is done

    @Test func tokensThatStopOrAreForbiddenAreFollowed() async throws {
        let t = Int(UInt8(ascii: "t"))
        #expect(try await text(#""max_tokens":6,"stop_token_ids":[\#(t)]"#) == "igh")
        #expect(
            try await text(
                #""max_tokens":6,"stop_token_ids":[\#(t)],"include_stop_str_in_output":true"#)
                == "ight")
        #expect(
            try await text(#""max_tokens":6,"stop":"ts","include_stop_str_in_output":true"#)
                == "ights")
        let allowed = try await text(#""max_tokens":6,"allowed_token_ids":[105,103]"#)
        #expect(allowed?.allSatisfy { "ig".contains($0) } == true && allowed?.count == 6)
        let without = try await text(#""max_tokens":6,"bad_words":["ght"]"#)
        #expect(without?.hasPrefix("igh") == true && without?.hasPrefix("ight") == false)
    }

    @Test(arguments: [
        ("stop_token_ids", "[99999]"), ("allowed_token_ids", "[99999]"),
        ("allowed_token_ids", "[]"), ("bad_words", "[5]"), ("bad_words", #"[""]"#),
        ("skip_special_tokens", "3"), ("include_stop_str_in_output", "1"),
    ])
    func wrongTokensAreNamed(name: String, value: String) async throws {
        let answer = try await complete(#""max_tokens":1,"\#(name)":\#(value)"#)
        #expect(answer.status == 400 && answer.error["param"]?.string == name, "\(answer.text)")
    }

    @Test func aSeedOfMinusOneIsAny() async throws {
        let client = try await TestHost.shared().client
        var texts: Set<String?> = []
        for _ in 0..<8 {
            let answer = try await client.post(
                "/v1/completions",
                [
                    "model": "markov", "prompt": "I have", "temperature": 2, "seed": -1,
                    "max_tokens": 40,
                ])
            texts.insert(answer.json["choices"]?[0]?["text"]?.string)
        }
        #expect(texts.count > 1)
    }

    @Test func aByteOrderMarkIsSkipped() async throws {
        let body = Array(#"{"model":"markov","prompt":"a","max_tokens":1}"#.utf8)
        let client = try await TestHost.shared().client
        let answer = try await client.send(
            "POST", "/v1/completions", bytes: [0xEF, 0xBB, 0xBF] + body)
        #expect(answer.status == 200, "\(answer.text)")
        let twice = try await client.send(
            "POST", "/v1/completions", bytes: [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF] + body)
        #expect(twice.status == 400)
    }

    // MARK: - Addresses and fingerprints

    @Test func theVersionMayBeLeftOut() async throws {
        let client = try await TestHost.shared().client
        let completion = try await client.post(
            "/completions",
            ["model": "markov", "prompt": "I have no we", "temperature": 0, "max_tokens": 6])
        #expect(completion.json["choices"]?[0]?["text"] == "ights;")
        let chat = try await client.post(
            "/chat/completions",
            [
                "model": "markov", "messages": [["role": "user", "content": "a"]],
                "max_tokens": 1,
            ])
        #expect(chat.json["object"] == "chat.completion")
        let vectors = try await client.post("/embeddings", ["model": "words", "input": "a"])
        #expect(vectors.json["data"]?.array?.count == 1)
        let rerank = try await client.post(
            "/rerank", ["model": "words", "query": "a", "documents": ["a"]])
        #expect(rerank.status == 200)
        #expect(try await client.send("GET", "/models").json["data"]?.array?.isEmpty == false)
        #expect(try await client.send("GET", "/models/markov").json["id"] == "markov")
        #expect(try await client.send("GET", "/health").json["status"] == "ok")
        #expect(try await client.send("GET", "/conversations").status == 404)
        let page = try await client.send("GET", "/")
        #expect(page.headers["content-type"]?.hasPrefix("text/html") == true)
    }

    @Test func theFingerprintIsThatOfModelAndPlugin() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = folder.appending(path: "text.txt")
        try Data("one two three. ".utf8).write(to: source)
        let host = try await TestHost(
            models: TestHost.model("a", "source = \"\(source.path)\"") + TestHost.model("b"))
        func fingerprint(_ model: String, _ path: String = "/v1/completions") async throws
            -> String?
        {
            let answer = try await host.client.post(
                path,
                [
                    "model": .string(model), "prompt": "o", "max_tokens": 1,
                    "messages": [["role": "user", "content": "o"]],
                ])
            return answer.json["system_fingerprint"]?.string
        }
        let first = try #require(try await fingerprint("a"))
        #expect(first.wholeMatch(of: /fp_[0-9a-f]{8}_[0-9a-f]{8}/) != nil, "\(first)")
        #expect(try await fingerprint("a", "/v1/chat/completions") == first)
        let other = try #require(try await fingerprint("b"))
        #expect(other.prefix(11) == first.prefix(11) && other != first)
        let events = try await host.client.stream(
            "/v1/completions", ["model": "a", "prompt": "o", "max_tokens": 1, "stream": true])
        #expect(try JSONValue(parsing: events[0])["system_fingerprint"]?.string == first)
        try Data("one two four. ".utf8).write(to: source)
        #expect(try await host.client.send("POST", "/admin/models/a/reload").status == 200)
        #expect(try await fingerprint("a") != first)
        try Data("one two three. ".utf8).write(to: source)
        #expect(try await host.client.send("POST", "/admin/models/a/reload").status == 200)
        #expect(try await fingerprint("a") == first)
        try await host.stop()
    }
}
