import Engine
import Host
import JSON
import Testing

@Suite struct AccessTests {
    @Test func withoutAKeyThisMachineMayUseTheModelsAndNothingElse() async throws {
        let host = try await TestHost.shared()
        let (nobody, admin) = (host.client(key: nil), host.client)
        #expect(try await nobody.send("GET", "/v1/models").status == 200)
        #expect(try await admin.send("GET", "/admin/models").status == 200)
        for (method, path) in [("GET", "/admin/models"), ("POST", "/admin/plugins")] {
            let refused = try await nobody.send(method, path)
            #expect(refused.status == 401 && refused.error["code"] == "missing_admin_key")
            #expect(refused.error["message"]?.string?.contains("roost open") == true)
        }
        #expect(try await host.client(key: "wrong").send("GET", "/admin/models").status == 401)
    }

    @Test func aTokenOpensThePageOnce() async throws {
        let host = try await TestHost.shared()
        let (nobody, path) = (host.client(key: nil), "/admin/tokens/redeem")
        #expect(try await nobody.post("/admin/tokens", [:]).status == 401)
        let token = try #require(try await host.client.post("/admin/tokens", [:]).json["token"])
        let answer = try await nobody.post(path, ["token": token])
        #expect(answer.json["key"] == .string(TestHost.adminKey))
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(try await nobody.post(path, ["token": token]).status == 403)
        #expect(try await nobody.post(path, ["token": "guessed"]).status == 403)
    }

    @Test(arguments: [
        ("host", "evil.example"), ("host", "127.0.0.1.evil.example:80"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
    ])
    func aPageOfTheWebCannotUseAVisitorsBrowser(name: String, value: String) async throws {
        let client = try await TestHost.shared().client
        for (method, path) in [("GET", "/v1/models"), ("POST", "/admin/models/markov/unload")] {
            let answer = try await client.send(method, path, headers: [(name, value)])
            #expect(answer.status == 403)
            #expect(answer.error["type"] == "permission_error")
        }
    }

    @Test func theHostsOwnPageMayUseIt() async throws {
        let client = try await TestHost.shared().client
        let origin = "http://\(client.url.address)"
        #expect(
            try await client.send("GET", "/v1/models", headers: [("origin", origin)]).status == 200)
        let local = "localhost:\(client.url.address.port)"
        let answer = try await client.send(
            "GET", "/v1/models", headers: [("host", local), ("origin", "http://\(local)")])
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        "x-forwarded-for", "forwarded", "via", "x-real-ip", "cf-connecting-ip", "x-forwarded-host",
        "x-forwarded-proto", "true-client-ip", "x-client-ip",
    ])
    func whatAProxyPassesOnIsNoAdminWithTheHostsOwnKey(header: String) async throws {
        let client = try await TestHost.shared().client
        let answer = try await client.send("GET", "/admin/models", headers: [(header, "10.0.0.1")])
        #expect(answer.status == 403)
    }

    @Test func anAdminKeyOfTheSettingsCountsThroughAProxyToo() async throws {
        let host = try await TestHost(server: "admin_keys = [\"k\"]", key: "k")
        let forwarded = [("x-forwarded-for", "10.0.0.1"), ("host", "chat.example.org")]
        #expect(
            try await host.client.send("GET", "/admin/models", headers: forwarded).status == 200)
        try await host.stop()
    }

    @Test func keysOpenTheirScope() async throws {
        let host = try await TestHost(
            server: "api_keys = [\"api-key\"]\nadmin_keys = [\"admin-key\"]", key: "admin-key")
        let cases: [(key: String?, models: Int, admin: Int)] = [
            (nil, 401, 401), ("", 401, 401), ("wrong", 401, 401), ("api-ke", 401, 401),
            ("api-keyy", 401, 401), ("api-key", 200, 401), ("admin-key", 200, 200),
        ]
        for (key, models, admin) in cases {
            let client = host.client(key: key)
            #expect(try await client.send("GET", "/v1/models").status == models, "\(key ?? "none")")
            #expect(
                try await client.send("GET", "/admin/models").status == admin, "\(key ?? "none")")
            #expect(try await client.send("GET", "/healthz").status == 200)
            #expect(try await client.send("GET", "/").status == 200)
        }
        let refused = try await host.client(key: nil).send("GET", "/v1/models")
        #expect(refused.headers["www-authenticate"] == "Bearer")
        #expect(
            refused.error["code"] == "missing_api_key"
                && refused.error["type"] == "authentication_error")
        #expect(
            try await host.client(key: "wrong").send("GET", "/v1/models").error["code"]
                == "invalid_api_key")
        try await host.stop()
    }

    @Test func aKeyIsEnoughUnderAnyName() async throws {
        let host = try await TestHost(server: "api_keys = [\"k\"]", key: "k")
        let answer = try await host.client.send(
            "GET", "/v1/models", headers: [("host", "chat.example.org")])
        #expect(answer.status == 200)
        try await host.stop()
    }

    @Test func onlyTheOriginsOfTheSettingsMayCallFromABrowser() async throws {
        let host = try await TestHost(server: "cors_origins = [\"https://app.example\"]")
        let friend = [("origin", "https://app.example"), ("access-control-request-method", "POST")]
        let preflight = try await host.client.send(
            "OPTIONS", "/v1/chat/completions", headers: friend)
        #expect(preflight.status == 204)
        #expect(preflight.headers["access-control-allow-origin"] == "https://app.example")
        #expect(
            preflight.headers["access-control-allow-headers"]?.contains("authorization") == true)
        let answer = try await host.client.send("GET", "/v1/models", headers: [friend[0]])
        #expect(answer.status == 200 && answer.headers["vary"]?.contains("origin") == true)
        let stranger = try await host.client.send(
            "OPTIONS", "/v1/chat/completions",
            headers: [("origin", "https://other.example"), friend[1]])
        #expect(stranger.headers["access-control-allow-origin"] == nil)
        #expect(stranger.status == 405)
        try await host.stop()
    }

    @Test func aPreflightAllowsTheHeadersThatThePageAsksFor() async throws {
        let host = try await TestHost(server: "cors_origins = [\"null\"]")
        let asked = "authorization, x-stainless-lang, x-stainless-os"
        let preflight = try await host.client.send(
            "OPTIONS", "/v1/chat/completions",
            headers: [
                ("origin", "null"), ("access-control-request-method", "POST"),
                ("access-control-request-headers", asked),
            ])
        #expect(preflight.status == 204)
        #expect(preflight.headers["access-control-allow-origin"] == "null")
        #expect(preflight.headers["access-control-allow-headers"] == asked)
        let answer = try await host.client.send("GET", "/v1/models", headers: [("origin", "null")])
        #expect(answer.status == 200)
        try await host.stop()
    }
}
