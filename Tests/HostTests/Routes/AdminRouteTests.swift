import Engine
import Host
import Testing

@Suite struct AdminRouteTests {
    private let completion: JSONValue = [
        "model": "markov", "prompt": "I have no we", "temperature": 0, "max_tokens": 6,
    ]

    @Test func aModelIsLoadedUnloadedAndReloadedWhileTheHostServes() async throws {
        let host = try await TestHost()
        let client = host.client
        let reloaded = try await client.send("POST", "/admin/models/markov/reload?expecting=1")
        #expect(reloaded.status == 200 && reloaded.json["generation"] == 2)
        let stale = try await client.send("POST", "/admin/models/markov/reload?expecting=1")
        #expect(stale.status == 409 && stale.error["code"] == "conflict")
        #expect(
            try await client.send("POST", "/admin/models/markov/unload").json["state"] == "unloaded"
        )
        #expect(try await client.post("/v1/completions", completion).status == 503)
        #expect(try await client.send("POST", "/admin/models/markov/load").json["generation"] == 3)
        #expect(
            try await client.post("/v1/completions", completion).json["choices"]?[0]?["text"]
                == "ights;")
        try await host.stop()
    }

    @Test func noRequestFailsWhileItsModelIsReloadedAgainAndAgain() async throws {
        let host = try await TestHost()
        let client = host.client
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask { [completion] in
                    for _ in 0..<50 {
                        let answer = try await client.post("/v1/completions", completion)
                        #expect(answer.json["choices"]?[0]?["text"] == "ights;", "\(answer.text)")
                    }
                }
            }
            for _ in 0..<10 {
                #expect(try await client.send("POST", "/admin/models/markov/reload").status == 200)
            }
            try await group.waitForAll()
        }
        try await host.stop()
    }

    @Test func aModelAndAPluginAreAddedAndRemoved() async throws {
        let host = try await TestHost()
        let client = host.client
        let library = try JSONValue.string(ExamplePlugin.markov.library.get())
        let plugin = try await client.post(
            "/admin/plugins", ["name": "second", "library": library, "isolation": "in-process"])
        #expect(plugin.status == 200 && plugin.json["found"] == true)
        let model: JSONValue = ["name": "org/other", "plugin": "second", "context": 128]
        #expect(try await client.post("/admin/models", model).json["state"] == "ready")
        #expect(try await client.post("/admin/models", model).status == 409)
        #expect(
            try await client.send("GET", "/v1/models/org/other").json["meta"]?["context_length"]
                == 128)
        #expect(
            try await client.send("POST", "/admin/models/org%2Fother/reload").json["generation"]
                == 2)
        #expect(
            try await client.send("POST", "/admin/plugins/second/reload").json["models"] == [
                "org/other": 3
            ])
        #expect(
            try await client.send("DELETE", "/admin/models/org%2Fother").json["deleted"] == true)
        #expect(try await client.send("GET", "/v1/models/org/other").status == 404)
        try await host.stop()
    }

    @Test func aModelThatCannotBeLoadedLeavesEverythingAsItWas() async throws {
        let host = try await TestHost()
        let answer = try await host.client.post("/admin/models", ["name": "x", "plugin": "nobody"])
        #expect(
            answer.status == 404 && answer.error["message"]?.string?.contains("'markov'") == true)
        #expect(try await host.client.send("GET", "/admin/models").json["data"]?.array?.count == 1)
        try await host.stop()
    }

    @Test(arguments: [
        ("/admin/models", "name", #"{"name":"a b"}"#),
        ("/admin/models", "source", #"{"name":"a","source":"/none"}"#),
        ("/admin/models", "load", #"{"name":"a","load":"never"}"#),
        ("/admin/models", "parallel", #"{"name":"a","parallel":0}"#),
        ("/admin/plugins", "library", #"{"name":"a"}"#),
        ("/admin/plugins", "isolation", #"{"name":"a","library":"b","isolation":"none"}"#),
    ])
    func aWrongSettingIsNamed(path: String, param: String, body: String) async throws {
        let answer = try await TestHost.shared().client.send("POST", path, body)
        #expect(answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test func aModelThatNobodyUsesIsUnloadedAndComesBackWhenItIsUsed() async throws {
        let host = try await TestHost(
            models: TestHost.model("markov", "idle_unload = \"100ms\""))
        try await host.client.wait(for: #"roost_model_up{model="markov"}"#) { $0 == 0 }
        #expect(try await host.client.post("/v1/completions", completion).status == 200)
        try await host.client.wait(for: #"roost_model_up{model="markov"}"#) { $0 == 0 }
        try await host.stop()
    }

    @Test func aModelLoadsOnItsFirstUse() async throws {
        let host = try await TestHost(models: TestHost.model("markov", "load = \"first-use\""))
        #expect(try await host.client.send("GET", "/readyz").status == 200)
        #expect(
            try await host.client.send("GET", "/admin/models").json["data"]?[0]?["state"]
                == "unloaded")
        #expect(try await host.client.post("/v1/completions", completion).status == 200)
        try await host.stop()
    }
}
