import Engine
import Foundation
import Host
import JSON
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

    @Test func whatCameAndWentInTheFolderOfModelsIsFoundByRescan() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data().write(to: folder.appending(path: "old.gguf"))
        // That of the settings is called so.
        try Data().write(to: folder.appending(path: "markov.gguf"))
        let host = try await TestHost(server: "models = \"\(folder.path)\"")
        let rescan = { try await host.client.send("POST", "/admin/models/rescan").json }
        #expect(try await rescan() == ["added": [], "removed": []])
        try files.removeItem(at: folder.appending(path: "old.gguf"))
        try files.createDirectory(
            at: folder.appending(path: "org/new"), withIntermediateDirectories: true)
        try Data().write(to: folder.appending(path: "org/new/config.json"))
        #expect(try await rescan() == ["added": ["org/new"], "removed": ["old"]])
        let model = try await host.client.send("GET", "/admin/models/org%2Fnew").json
        #expect(model["state"] == "unloaded" && model["load"] == "first-use")
        #expect(try await host.client.send("GET", "/admin/models/old").status == 404)
        try await host.stop()
    }

    @Test func aHostWithoutAFolderOfModelsRefusesToRescan() async throws {
        let host = try await TestHost.shared()
        let answer = try await host.client.send("POST", "/admin/models/rescan")
        #expect(answer.status == 409)
        #expect(answer.error["message"]?.string?.contains("server.models") == true)
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
        ("/admin/models", "sampling.temperature", #"{"name":"a","sampling":{"temperature":99}}"#),
        ("/admin/models", "sampling.heat", #"{"name":"a","sampling":{"heat":1}}"#),
        ("/admin/models", "step_timeout", #"{"name":"a","step_timeout":"banana"}"#),
        ("/admin/models", "queue", #"{"name":"a","queue":-5}"#),
        ("/admin/models", "default_for", #"{"name":"a","default_for":["dance"]}"#),
        ("/admin/models", "idle_unload", #"{"name":"a","idle_unload":7}"#),
        ("/admin/models", "step_timout", #"{"name":"a","step_timout":"3s"}"#),
        ("/admin/models", "settings", #"{"name":"a","settings":"quiet"}"#),
        ("/admin/models", "name", #"{}"#),
        ("/admin/plugins", "isolation", #"{"name":"a","library":"b","isolation":"none"}"#),
        ("/admin/plugins", "isolaton", #"{"name":"a","library":"b","isolaton":"worker"}"#),
        ("/admin/plugins", "library", #"{"name":"a","library":"libNowhere.so"}"#),
        ("/admin/plugins", "library", #"{"name":"a","library":"/etc/passwd"}"#),
    ])
    func aWrongSettingIsNamed(path: String, param: String, body: String) async throws {
        let answer = try await TestHost.shared().client.send("POST", path, body)
        #expect(answer.status == 400 && answer.error["param"]?.string == param, "\(answer.text)")
    }

    @Test func everyKeyOfAModelCountsThatAnAdminAdds() async throws {
        let host = try await TestHost()
        let model: JSONValue = [
            "name": "warm", "plugin": "markov", "load": "first-use", "idle_unload": "100ms",
            "step_timeout": "3s", "queue": 5, "default_for": ["completion"],
            "sampling": ["temperature": 0, "top_k": 3], "settings": nil,
        ]
        #expect(try await host.client.post("/admin/models", model).json["state"] == "unloaded")
        let answer = try await host.client.post(
            "/v1/completions", ["prompt": "I have no we", "max_tokens": 6])
        #expect(answer.json["model"] == "warm" && answer.json["choices"]?[0]?["text"] == "ights;")
        let told = try await host.client.send("GET", "/v1/models/warm").json["meta"]?["sampling"]
        #expect(told == ["temperature": 0.0, "top_k": 3])
        try await host.client.wait(for: #"roost_model_up{model="warm"}"#) { $0 == 0 }
        let second = try await host.client.post(
            "/admin/models", ["name": "b", "plugin": "markov", "default_for": ["completion"]])
        #expect(second.error["param"] == "default_for" && second.text.contains("warm"))
        try await host.stop()
    }

    @Test func aPluginIsForgottenUnlessAModelNeedsIt() async throws {
        let host = try await TestHost()
        let needed = try await host.client.send("DELETE", "/admin/plugins/markov")
        #expect(
            needed.status == 409 && needed.error["message"]?.string?.contains("'markov'") == true)
        #expect(try await host.client.send("DELETE", "/admin/plugins/tally").status == 200)
        #expect(try await host.client.send("DELETE", "/admin/plugins/tally").status == 404)
        let names = try await host.client.send("GET", "/admin/plugins").json["data"]?.array
        #expect(names?.contains { $0["name"] == "tally" } == false)
        try await host.stop()
    }

    @Test func onlyWhatLiesInFoldersOfTheSettingsIsLoaded() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (own, notes) = (
            folder.appending(path: "libOwn.so"), folder.appending(path: "notes.txt")
        )
        try FileManager.default.copyItem(
            at: URL(filePath: try ExamplePlugin.markov.library.get()), to: own)
        try Data("Some words.".utf8).write(to: notes)
        let host = try await TestHost(file: folder.path + "/plugins.toml")
        let client = host.client
        // Relative paths start at the settings' folder, and bare names are sought there too.
        for (name, library) in [("a", "./libOwn.so"), ("b", "libOwn.so"), ("c", own.path)] {
            let added = try await client.post(
                "/admin/plugins", ["name": .string(name), "library": .string(library)])
            #expect(added.json["library"] == .string(own.path), "\(added.text)")
        }
        let model = try await client.post(
            "/admin/models", ["name": "notes", "plugin": "markov", "source": "notes.txt"])
        #expect(model.json["source"] == .string(notes.path), "\(model.text)")
        let outside = try await client.post(
            "/admin/models", ["name": "x", "plugin": "markov", "source": "/etc/passwd"])
        #expect(outside.status == 403 && outside.text.contains("server.models"))
        let link = folder.appending(path: "link.txt")
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: URL(filePath: "/etc/passwd"))
        let linked = try await client.post(
            "/admin/models", ["name": "x", "plugin": "markov", "source": "link.txt"])
        #expect(linked.status == 403)
        try await host.stop()
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
