import Engine
import Host
import JSON
import Testing

@Suite struct OperationTests {
    @Test func everyResponseHasAnIDTheClientsOwnWhereItIsAPlainWord() async throws {
        let client = try await TestHost.shared().client
        let own = try await client.send("GET", "/healthz", headers: [("x-request-id", "abc-1.2_3")])
        #expect(own.headers["x-request-id"] == "abc-1.2_3")
        for bad in ["a b", "é", String(repeating: "a", count: 65), "<script>"] {
            let answer = try await client.send("GET", "/nothing", headers: [("x-request-id", bad)])
            #expect(answer.headers["x-request-id"]?.hasPrefix("req-") == true)
        }
    }

    @Test func theLogHasALinePerRequestAndNoPrompt() async throws {
        let host = try await TestHost()
        let body: JSONValue = ["prompt": "swordfish", "max_tokens": 3, "stop": ["swordfish"]]
        _ = try await host.client.post("/v1/completions", body)
        _ = try await host.client.post("/v1/completions", ["prompt": ["swordfish": 1]])
        var streamed = try #require(body.object)
        streamed["stream"] = true
        _ = try await host.client.stream("/v1/completions", .object(streamed))
        try await host.stop()
        let lines = host.lines.text.split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("POST /v1/completions") }.count == 3)
        #expect(lines[0].contains("\"completion_tokens\": 3") && lines[0].contains("markov"))
        #expect(!host.lines.text.contains("swordfish"))
    }

    @Test func metricsCountRequestsAndTokens() async throws {
        let host = try await TestHost()
        _ = try await host.client.post("/v1/completions", ["prompt": "I", "max_tokens": 3])
        _ = try await host.client.post("/v1/completions", ["prompt": 5])
        let text = try await host.client.send("GET", "/metrics").text
        for line in [
            #"roost_requests_total{route="/v1/completions",method="POST",status="200"} 1"#,
            #"roost_requests_total{route="/v1/completions",method="POST",status="400"} 1"#,
            #"roost_tokens_total{model="markov",engine="text",kind="generated"} 3"#,
            #"roost_tokens_total{model="markov",engine="text",kind="prompt"} 1"#,
            #"roost_model_up{model="markov"} 1"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
        try await host.stop()
    }

    @Test func readinessNamesWhatIsMissing() async throws {
        let host = try await TestHost()
        #expect(try await host.client.send("GET", "/readyz").json["status"] == "ready")
        _ = try await host.client.send("POST", "/admin/models/markov/unload")
        let answer = try await host.client.send("GET", "/readyz")
        #expect(answer.status == 503 && answer.json["waiting_for"] == ["markov"])
        try await host.stop()
    }

    @Test func thePageIsSentOnceAndThenRemembered() async throws {
        let client = try await TestHost.shared().client
        let page = try await client.send("GET", "/")
        #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(page.headers["x-content-type-options"] == "nosniff")
        let tag = try #require(page.headers["etag"])
        let again = try await client.send("GET", "/", headers: [("if-none-match", tag)])
        #expect(again.status == 304 && again.body.isEmpty)
        let head = try await client.send("HEAD", "/")
        #expect(head.status == 200 && head.body.isEmpty)
        for name in page.text.matches(of: /\/assets\/[a-z.]+/).map({ String($0.output) }) {
            #expect(try await client.send("GET", name).status == 200, "\(name)")
        }
    }
}
