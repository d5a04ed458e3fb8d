import PluginHost
import Testing

@Suite struct DeploymentRegistryTests {
    private func spec(_ name: String, plugin: String? = nil, source: String = TestPlugin.model)
        -> ModelSpec
    {
        ModelSpec(name: name, plugin: plugin, source: source, parallel: 2)
    }

    private func registry(_ models: [ModelSpec], broken: Bool = false) throws -> DeploymentRegistry<
        TestServing
    > {
        var plugins = [
            PluginSpec(name: "tally", library: try TestPlugin.library()),
            PluginSpec(
                name: "other", library: try TestPlugin.library(["ID=\"org.example.other\""]),
                isolation: .inProcess),
        ]
        if broken { plugins.insert(PluginSpec(name: "broken", library: "libNone.so"), at: 0) }
        return DeploymentRegistry(
            plugins: plugins, models: models, options: testOptions(),
            makeServing: { supervisor, _ in TestServing(supervisor) })
    }

    @Test func modelsAndPluginsAreListedAsTheSettingsNameThem() async throws {
        let registry = try registry([spec("b", plugin: "other"), spec("a", plugin: "tally")])
        await registry.start()
        #expect(registry.models.map(\.name) == ["b", "a"])
        #expect(registry.models.map(\.isolation) == [.inProcess, .worker])
        #expect(registry.plugins.map(\.name) == ["tally", "other"])
        #expect(registry.plugins.map(\.models) == [["a"], ["b"]])
        #expect(registry.plugins[1].id == "org.example.other")
        #expect(registry.plugins[0].hashes.count == 1 && registry.plugins[0].path != nil)
        await registry.stop(within: patience)
        #expect(registry.models.allSatisfy { $0.state == .unloaded })
        await #expect(throws: DeploymentError.stopping) { try await registry.load("a") }
    }

    @Test func withoutAPluginTheFirstOfTheBestServes() async throws {
        let registry = try registry([spec("m")], broken: true)
        try await registry.load("m")
        #expect(registry.models[0].plugin == "tally")
        await registry.stop(within: patience)
    }

    @Test func aModelThatNobodyServesNamesAllWhoWereAsked() async throws {
        let path = TestFolder.shared.unique("strange")
        writeText("strange", to: path)
        let registry = try registry([spec("m", source: path)], broken: true)
        let error = await #expect(throws: DeploymentError.self) { try await registry.load("m") }
        guard case .failed("m", .probe, let reason, nil, nil) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("it is a file that is neither GGUF nor safetensors"))
        #expect(reason.contains("served here: tally, other"))
        #expect(reason.contains("broken: find: libNone.so"))
    }

    /// A worker a model and plugin would attach the library as often as models are asked about.
    @Test func aPluginIsAskedAboutAllModelsInOneWorker() async throws {
        let log = LogRecorder()
        let registry = DeploymentRegistry(
            plugins: [
                PluginSpec(
                    name: "tally", library: try TestPlugin.library(["ID=\"org.example.asked\""]))
            ],
            models: ["a", "b", "c"].map { spec($0) }, options: testOptions(log: log.handler),
            makeServing: { supervisor, _ in TestServing(supervisor) })
        await registry.start()
        #expect(registry.models.allSatisfy { $0.state == .ready })
        await registry.stop(within: patience)
        // One that was asked, and each model's own.
        #expect(eventually { log.lines.filter { $0.text.contains("attached") }.count == 4 })
        #expect(
            log.lines.filter { $0.text.contains("attached") && $0.source == "tally" }.count == 1)
    }

    @Test func aPluginThatDiesOfOneModelIsAskedAboutTheNext() async throws {
        var dying = spec("dies")
        dying.configJSON = settings(at: "probe", do: "abort")
        let registry = DeploymentRegistry(
            plugins: [
                PluginSpec(name: "tally", library: try TestPlugin.library())
            ],
            models: [dying, spec("a"), spec("b")], options: testOptions(),
            makeServing: { supervisor, _ in TestServing(supervisor) })
        await registry.start()
        #expect(registry.models.map(\.state) == [.failed, .ready, .ready])
        #expect(registry.models[0].lastError?.contains("SIGABRT") == true)
        await registry.stop(within: patience)
    }

    @Test func unknownNamesAreAnsweredWithTheKnownOnes() async throws {
        let registry = try registry([spec("m")])
        await #expect(throws: DeploymentError.unknownModel("x", known: ["m"])) {
            try await registry.load("x")
        }
        await #expect(throws: DeploymentError.unknownPlugin("x", known: ["tally", "other"])) {
            try await registry.reloadPlugin("x")
        }
        await #expect(throws: DeploymentError.unknownPlugin("x", known: ["tally", "other"])) {
            try await registry.add(spec("n", plugin: "x"))
        }
        #expect(registry.deployment("n") == nil)
    }

    @Test func modelsComeAndGoWhileTheHostRuns() async throws {
        let registry = try registry([])
        try await registry.add(spec("m"))
        #expect(registry.models[0].state == .ready)
        await #expect(throws: DeploymentError.modelExists("m")) {
            try await registry.add(spec("m"))
        }
        try await registry.remove("m")
        #expect(registry.models.isEmpty && registry.deployment("m") == nil)
        #expect(throws: DeploymentError.pluginExists("tally")) {
            try registry.addPlugin(PluginSpec(name: "tally", library: "x"))
        }
        try registry.addPlugin(PluginSpec(name: "third", library: try TestPlugin.library()))
        try await registry.add(spec("n", plugin: "third"))
        #expect(registry.models[0].plugin == "third")
        await registry.stop(within: patience)
    }

    @Test func aPluginsReloadTakesAllItsModelsAlong() async throws {
        let registry = try registry([
            spec("a", plugin: "tally"), spec("b", plugin: "tally"), spec("c", plugin: "other"),
        ])
        await registry.start()
        #expect(try await registry.reloadPlugin("tally") == ["a": 2, "b": 2])
        #expect(registry.models.map(\.revision) == [2, 2, 1])
        try await registry.unloadPlugin("tally")
        #expect(registry.models.map(\.state) == [.unloaded, .unloaded, .ready])
        await registry.stop(within: patience)
    }
}
