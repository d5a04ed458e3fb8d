import Engine
import Host
import JSON
import Testing

/// No input takes the host down; each gets an error that names what is wrong.
@Suite struct BadInputTests {
    private static let posts = [
        "/v1/chat/completions", "/v1/completions", "/v1/tokenize", "/v1/detokenize",
        "/v1/embeddings", "/v1/similarity", "/v1/rerank", "/v1/classify", "/v1/entities",
        "/v1/images/generations",
        "/v1/answer", "/admin/models", "/admin/plugins",
    ]
    private static let bodies: [[UInt8]] = [
        [], Array("hello".utf8), Array("[1]".utf8), Array("null".utf8), Array("\"x\"".utf8),
        Array("{\"model\":".utf8), Array("{} {}".utf8), Array("{\"a\": \"\u{0}\"}".utf8),
        Array("{\"model\": \"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8),
        Array(repeating: UInt8(ascii: "["), count: 100_000),
        Array(String(repeating: "{\"a\":", count: 100_000).utf8), Array("{\"model\": 1e999}".utf8),
    ]

    @Test(arguments: posts)
    func whatIsNoJSONObjectIsRefusedAndTheHostGoesOn(path: String) async throws {
        let client = try await TestHost.shared().client
        for body in Self.bodies {
            let answer = try await client.send("POST", path, bytes: body)
            #expect(answer.status == 400, "\(body.prefix(20))")
            #expect((answer.error["message"]?.string ?? "").count > 10)
            #expect(answer.error["type"] == "invalid_request_error")
            #expect(answer.headers["x-request-id"] != nil)
        }
        #expect(try await client.send("GET", "/healthz").status == 200)
    }

    @Test(arguments: [
        ("messages", "5", "is 5, expected an array"),
        ("messages", "[]", "is missing, expected an array of at least one message"),
        ("messages[0]", "[5]", "is 5, expected an object"),
        (
            "messages[1].role", #"[{"role":"user","content":"a"},{"role":"me","content":"b"}]"#,
            "is unknown"
        ),
        ("messages[0].content", #"[{"role":"user"}]"#, "is missing, expected a string"),
        ("messages[0].content", #"[{"role":"user","content":5}]"#, "expected a string or an array"),
        (
            "messages[0].content[0]",
            #"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]"#,
            "is not text"
        ),
        (
            "messages[0].content[0].text",
            #"[{"role":"user","content":[{"type":"text"}]}]"#, "is missing, expected a string"
        ),
    ])
    func aWrongMessageIsNamedByItsPath(param: String, messages: String, reason: String) async throws
    {
        let client = try await TestHost.shared().client
        let answer = try await client.send(
            "POST", "/v1/chat/completions", #"{"model":"markov","messages":\#(messages)}"#)
        #expect(answer.status == 400)
        #expect(answer.error["param"]?.string == param)
        #expect(answer.error["message"]?.string?.contains(reason) == true, "\(answer.text)")
    }

    @Test(arguments: [
        ("temperature", "-1"), ("temperature", "\"hot\""), ("temperature", "2.5"), ("top_p", "1.5"),
        ("top_k", "1.5"), ("min_p", "2"), ("typical_p", "-1"), ("repetition_penalty", "0"),
        ("frequency_penalty", "3"), ("presence_penalty", "-3"), ("n", "0"), ("n", "129"),
        ("max_tokens", "-1"), ("max_tokens", "1e300"), ("max_completion_tokens", "\"a\""),
        ("stop", "5"), ("stop", "[\"\"]"), ("stop", "[1]"), ("seed", "1.5"), ("stream", "\"yes\""),
        ("stream_options", "5"), ("stream_options.include_usage", #"{"include_usage":1}"#),
        ("logit_bias", "{\"x\":1}"), ("logit_bias.5", "{\"5\":101}"),
        ("logit_bias", "{\"999999\":1}"),
        ("model", "5"), ("top_logprobs", "5"), ("logprobs", "3"), ("response_format", "\"json\""),
        ("response_format.type", #"{"type":"xml"}"#),
        ("response_format.json_schema", #"{"type":"json_schema"}"#),
        (
            "response_format.json_schema.schema",
            #"{"type":"json_schema","json_schema":{"schema":5}}"#
        ),
        ("tools", "5"),
        ("tool_choice", "\"required\""), ("tool_choice", "5"), ("reasoning_effort", "\"some\""),
        ("thinking.type", #"{"type":"perhaps"}"#), ("chat_template", "\"{{ 1 }}\""),
    ])
    func aWrongParameterOfAChatIsNamed(param: String, value: String) async throws {
        let key = param.prefix { $0 != "." }
        let model = key == "model" ? "" : #""model":"markov","#
        let body = #"{\#(model)"messages":[{"role":"user","content":"Hi"}],"\#(key)":\#(value)}"#
        let answer = try await TestHost.shared().client.send("POST", "/v1/chat/completions", body)
        #expect(answer.status == 400)
        #expect(answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test(arguments: [
        ("/v1/completions", "prompt", "{}"), ("/v1/completions", "prompt", "[]"),
        ("/v1/completions", "prompt[1]", "[1,-1]"), ("/v1/completions", "prompt[1]", "[1,\"a\"]"),
        ("/v1/completions", "prompt[0][0]", "[[\"a\"]]"), ("/v1/completions", "prompt", "[99999]"),
        ("/v1/completions", "logprobs", "21"), ("/v1/completions", "best_of", "0"),
        ("/v1/completions", "suffix", "\"x\""), ("/v1/completions", "echo", "1"),
        ("/v1/tokenize", "text", "5"), ("/v1/tokenize", "add_special", "5"),
        ("/v1/detokenize", "tokens", "5"), ("/v1/detokenize", "tokens[0]", "[-1]"),
        ("/v1/detokenize", "tokens", "[99999]"),
    ])
    func aWrongParameterOfTheOtherRoutesIsNamed(path: String, param: String, value: String)
        async throws
    {
        let key = param.prefix { $0 != "[" }
        let prompt = key == "prompt" || path != "/v1/completions" ? "" : #""prompt":"a","#
        let body = #"{"model":"markov",\#(prompt)"\#(key)":\#(value)}"#
        let answer = try await TestHost.shared().client.send("POST", path, body)
        #expect(answer.status == 400)
        #expect(answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test(arguments: [
        ("/v1/embeddings", "input", "5"), ("/v1/embeddings", "input", "{}"),
        ("/v1/embeddings", "input", "[]"), ("/v1/embeddings", "input", "null"),
        ("/v1/embeddings", "input[1]", #"["a",5]"#), ("/v1/embeddings", "input[1]", "[5,-1]"),
        ("/v1/embeddings", "input[1]", #"[5,"AAAA"]"#), ("/v1/embeddings", "input[0]", "[1.5]"),
        ("/v1/embeddings", "input[0][0]", #"[["AAAA"]]"#), ("/v1/embeddings", "input[0]", "[[]]"),
        ("/v1/embeddings", "input[1]", "[[0,1],5]"), ("/v1/embeddings", "input[0]", "[true]"),
        ("/v1/embeddings", "encoding_format", "\"hex\""),
        ("/v1/embeddings", "dimensions", "0"), ("/v1/embeddings", "dimensions", "49"),
        ("/v1/embeddings", "dimensions", "\"many\""), ("/v1/embeddings", "normalize", "1"),
        ("/v1/embeddings", "input_type", "\"essay\""),
        ("/v1/similarity", "source", "5"), ("/v1/similarity", "sentences", "{}"),
        ("/v1/similarity", "sentences[0]", "[5]"), ("/v1/similarity", "sentences", "[]"),
        ("/v1/rerank", "query", "5"), ("/v1/rerank", "documents", "[]"),
        ("/v1/rerank", "documents[0]", "[5]"), ("/v1/rerank", "documents[0].text", "[{}]"),
        ("/v1/rerank", "top_n", "0"), ("/v1/rerank", "texts[0]", "[{}]"),
        ("/v1/rerank", "return_documents", "1"), ("/v1/rerank", "rank_fields", "[]"),
        ("/v1/rerank", "rank_fields", "[5]"), ("/v1/rerank", "rank_fields", #"["a","a"]"#),
        ("/v1/classify", "input", "{}"), ("/v1/classify", "labels", "[]"),
        ("/v1/classify", "labels[0]", "[5]"), ("/v1/classify", "labels", #"["a","a"]"#),
        ("/v1/classify", "hypothesis", "\"about\""), ("/v1/classify", "hypothesis", "\"{} {}\""),
        ("/v1/classify", "top_k", "0"),
        ("/v1/entities", "input[0]", "[5]"), ("/v1/entities", "input", "5"),
        ("/v1/answer", "question", "\" \""), ("/v1/answer", "question", "5"),
        ("/v1/answer", "passages", "[]"), ("/v1/answer", "passages[0]", "[5]"),
        ("/v1/answer", "passages[0].text", "[{}]"), ("/v1/answer", "passages", "{}"),
        ("/v1/answer", "mode", "\"guess\""), ("/v1/answer", "top_k", "0"),
        ("/v1/answer", "stream", "1"), ("/v1/answer", "passages", #"["a"],"collection":"b""#),
    ])
    func aWrongParameterOfAVectorRouteIsNamed(path: String, param: String, value: String)
        async throws
    {
        let key = param.prefix { $0 != "[" && $0 != "." }
        let bodies: [String: JSONValue] = [
            "/v1/embeddings": ["input": "a"],
            "/v1/similarity": ["source": "a", "sentences": ["b"]],
            "/v1/rerank": ["query": "a", "documents": ["b"]], "/v1/classify": ["input": "a"],
            "/v1/entities": ["input": "a"], "/v1/answer": ["question": "a", "passages": ["b"]],
        ]
        var body = try #require(bodies[path]?.object)
        body["model"] = "words"
        body[String(key)] = nil
        let rest = JSONValue.object(body).serialized().dropFirst()
        let answer = try await TestHost.shared().client.send(
            "POST", path, #"{"\#(key)":\#(value),\#(rest)"#)
        #expect(answer.status == 400)
        #expect(answer.error["param"]?.string == param, "\(answer.text)")
        #expect((answer.error["message"]?.string ?? "").count > 10)
    }

    /// A few kilobytes must not become gigabytes of hypotheses or scores.
    @Test func labelsAreBounded() async throws {
        let client = try await TestHost.shared().client
        let long = JSONValue.string(String(repeating: "a", count: 1001))
        let many = JSONValue.array((0..<1200).map { .string("\($0)") })
        let wrong: [(param: String, members: [String: JSONValue])] = [
            ("labels[1]", ["labels": ["a", long]]), ("hypothesis", ["hypothesis": long]),
            ("labels", ["labels": many, "input": many]),
        ]
        for (param, members) in wrong {
            var body = JSONObject([(key: "model", value: "words"), (key: "input", value: "a")])
            for (key, value) in members { body[key] = value }
            let answer = try await client.post("/v1/classify", .object(body))
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.error["param"]?.string == param, "\(answer.text)")
        }
    }

    @Test func moreChoicesThanTheQueueHoldsAreNoOverload() async throws {
        let host = try await TestHost(models: TestHost.model("markov", "queue = 2\nparallel = 2"))
        let answer = try await host.client.post(
            "/v1/completions", ["prompt": "a", "n": 5, "max_tokens": 1])
        #expect(answer.status == 400 && answer.error["param"] == "n", "\(answer.text)")
        try await host.stop()
    }

    @Test func aTokenOutsideTheVocabularyIsRefused() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/embeddings", ["model": "words", "input": [[0, 1], [0, 5000, 1]]])
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.error["message"]?.string?.contains("vocabulary") == true, "\(answer.text)")
    }

    @Test func aCollectionThatIsNotThereIsNotFound() async throws {
        let answer = try await TestHost.shared().client.post(
            "/v1/answer", ["question": "Why?", "collection": "nothing"])
        #expect(answer.status == 404, "\(answer.text)")
    }

    @Test func anUnknownModelNamesTheKnownOnes() async throws {
        let client = try await TestHost.shared().client
        let answer = try await client.post("/v1/completions", ["model": "nobody", "prompt": "a"])
        #expect(answer.status == 404)
        #expect(answer.error["code"] == "model_not_found" && answer.error["param"] == "model")
        #expect(
            answer.error["message"]
                == "there is no model 'nobody', only 'markov', 'words', 'reader'")
    }

    @Test func aPromptOverTheContextNamesBothNumbers() async throws {
        let host = try await TestHost(models: TestHost.model("markov", "context = 64"))
        let prompt = JSONValue.string(String(repeating: "a", count: 100))
        let answer = try await host.client.post("/v1/completions", ["prompt": prompt])
        #expect(answer.status == 400)
        #expect(answer.error["code"] == "context_length_exceeded")
        #expect(answer.error["message"]?.string?.contains("100 tokens") == true)
        #expect(answer.error["message"]?.string?.contains("64 tokens") == true)
        try await host.stop()
    }

    @Test func aBodyOverTheLimitIs413WhetherAnnouncedOrNot() async throws {
        let host = try await TestHost(server: "max_body = \"1kB\"")
        let body = #"{"prompt":"\#(String(repeating: "a", count: 100_000))"}"#
        let answer = try await host.client.send("POST", "/v1/completions", body)
        #expect(answer.status == 413)
        #expect(answer.error["message"] == "the body is larger than 1000 bytes")
        #expect(try await host.client.send("GET", "/healthz").status == 200)
        try await host.stop()
    }

    @Test(arguments: [
        ("GET", "/nothing", 404), ("GET", "/v1", 404), ("GET", "/v1/models/nobody", 404),
        ("POST", "/v1/models", 405), ("GET", "/v1/chat/completions", 405),
        ("PUT", "/v1/completions", 405),
        ("DELETE", "/healthz", 405), ("GET", "/assets/none.js", 404),
        ("GET", "/assets/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/conversations/7", 400), ("DELETE", "/v1/conversations/x", 400),
        ("POST", "/admin/models/nobody/load", 404), ("POST", "/admin/models/nobody/unload", 404),
        ("POST", "/admin/models/nobody/reload", 404), ("DELETE", "/admin/models/nobody", 404),
        ("GET", "/admin/models/nobody", 404), ("POST", "/admin/plugins/nobody/reload", 404),
        ("POST", "/admin/plugins/nobody/unload", 404),
        ("POST", "/admin/models/markov/reload?expecting=x", 400),
        ("GET", "/admin/models/%zz", 404),
    ])
    func pathsAndMethodsThatDoNotFitAreErrorsInJSON(method: String, path: String, status: Int)
        async throws
    {
        let answer = try await TestHost.shared().client.send(method, path)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.error["message"]?.string?.isEmpty == false)
        if status == 405 { #expect(answer.headers["allow"]?.isEmpty == false) }
    }
}
