import Glibc
import PluginHost
import Testing

/// A plugin that hangs while it comes up keeps nobody from wanting something else.
@Suite struct SupersedingTests {
    private static let steps = [
        "dlopen", "query", "attach", "probe", "open", "seq_clear", "self-test",
    ]

    /// A deployment that serves, and whose next start hangs at `step`.
    private func hanging(at step: String) async throws -> TestDeployment {
        let marker = TestFolder.shared.unique("marker")
        writeText("", to: marker)
        let isEarly = ["dlopen", "query", "attach"].contains(step)
        let config = isEarly ? "" : settings(at: step, do: "hang", marker: marker)
        let test = try TestDeployment(config: config)
        try await test.deployment.load()
        if isEarly {
            try test.install(["EARLY_AT=\"\(step)\"", "EARLY_DO=\"hang\""])
        } else {
            unlink(marker)
        }
        return test
    }

    /// The worker that hangs, as the status shows it.
    private func hangingWorker(_ deployment: Deployment<TestServing>, at step: String) async throws
        -> StartingWorker
    {
        #expect(await soon { deployment.status.starting.first?.step == step })
        if step == "open" {
            #expect(await soon { deployment.status.starting.first?.opening != nil })
            let opening = deployment.status.starting.first?.opening
            #expect(opening?.what == "counting to four" && opening?.done == 1 && opening?.of == 4)
        }
        let worker = try #require(deployment.status.starting.first)
        #expect(!isGone(worker.processID) && worker.plugin == "tally")
        return worker
    }

    @Test(arguments: steps) func aNewerReloadTakesThePlaceOfOneThatHangs(_ step: String)
        async throws
    {
        let test = try await hanging(at: step)
        let deployment = try test.deployment
        let stuck = Task { try await deployment.reload() }
        let worker = try await hangingWorker(deployment, at: step)
        #expect(deployment.status.state == .reloading)
        #expect(try await deployment.acquire().step() == tally([256, 5]))
        try test.install(["VERSION=\"2.0.0\""])
        let number = try await deployment.reload()
        await #expect(throws: DeploymentError.superseded(model: "m", by: .reload)) {
            try await stuck.value
        }
        #expect(deployment.status.revision == number)
        #expect(deployment.status.description?.pluginVersion == "2.0.0")
        #expect(deployment.status.lastError == nil && deployment.status.starting.isEmpty)
        #expect(await soon { isGone(worker.processID) })
        await test.registry.stop(within: patience)
    }

    @Test func aReloadThatIsRefusedEndsNoStart() async throws {
        let test = try await hanging(at: "open")
        let deployment = try test.deployment
        let stuck = Task { try await deployment.reload() }
        let worker = try await hangingWorker(deployment, at: "open")
        await #expect(throws: DeploymentError.conflict(model: "m", expected: 7, found: 1)) {
            try await deployment.reload(expecting: 7)
        }
        #expect(deployment.status.state == .reloading && !isGone(worker.processID))
        #expect(deployment.status.starting.map(\.processID) == [worker.processID])
        try await deployment.unload()
        await #expect(throws: DeploymentError.superseded(model: "m", by: .unload)) {
            try await stuck.value
        }
        await test.registry.stop(within: patience)
    }

    /// What it expects is there when it is asked for, and may be gone when its turn comes.
    @Test func ofReloadsThatExpectTheSameRevisionOneTakesPlace() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        let done = await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        return try await deployment.reload(expecting: 1)
                    } catch DeploymentError.superseded(_, .reload) {
                        return 0
                    } catch DeploymentError.conflict(_, expected: 1, let found) {
                        #expect(found == deployment.status.revision)
                        return 0
                    } catch {
                        Issue.record(error)
                        return 0
                    }
                }
            }
            return await group.reduce(into: [Int]()) { if $1 > 0 { $0.append($1) } }
        }
        #expect(done.count == 1 && done.first == deployment.status.revision)
        await test.registry.stop(within: patience)
    }

    @Test(arguments: [Wish.unload, .removal, .stop])
    func whatIsWantedInsteadDoesNotWaitForAStartThatHangs(_ wish: Wish) async throws {
        let test = try await hanging(at: "open")
        let deployment = try test.deployment
        let stuck = Task { try await deployment.reload() }
        let worker = try await hangingWorker(deployment, at: "open")
        switch wish {
        case .unload: try await test.registry.unload("m")
        case .removal: try await test.registry.remove("m")
        default: await test.registry.stop(within: patience)
        }
        await #expect(throws: DeploymentError.superseded(model: "m", by: wish)) {
            try await stuck.value
        }
        #expect(deployment.status.state == .unloaded)
        #expect(await soon { isGone(worker.processID) })
    }

    @Test func whoWantsTheModelLoadedWaitsForTheReloadThatTookItsPlace() async throws {
        let test = try TestDeployment(load: .firstUse)
        try test.install(["EARLY_AT=\"query\"", "EARLY_DO=\"hang\""])
        let deployment = try test.deployment
        let request = Task { try await deployment.acquireLoading().revision }
        _ = try await hangingWorker(deployment, at: "query")
        try test.install([])
        let number = try await deployment.reload()
        #expect(try await request.value == number)
        await test.registry.stop(within: patience)
    }

    /// Nothing can end it, but nobody has to wait for it.
    @Test func aHangInsideTheHostKeepsNobody() async throws {
        let test = try TestDeployment(.inProcess, config: settings(at: "open", do: "hang"))
        let deployment = try test.deployment
        let stuck = Task { try await deployment.load() }
        #expect(await soon { deployment.status.state == .loading })
        try await deployment.unload()
        await #expect(throws: DeploymentError.superseded(model: "m", by: .unload)) {
            try await stuck.value
        }
        await test.registry.stop(within: patience)
    }

    /// A restart hangs as a first start does.
    @Test func aRestartThatHangsKeepsNoUnload() async throws {
        let test = try await hanging(at: "open")
        let deployment = try test.deployment
        let lease = try deployment.acquire()
        let supervisor = lease.serving.supervisor
        lease.release()
        kill(try #require(try supervisor.current().processID), SIGKILL)
        let worker = try await hangingWorker(deployment, at: "open")
        try await deployment.unload()
        #expect(await soon { isGone(worker.processID) })
    }

    @Test(arguments: ["dlopen", "query", "attach", "probe"])
    func aPluginThatHangsWhenOneIsChosenIsLeftOutAndNamed(_ step: String) async throws {
        let log = LogRecorder()
        var options = testOptions(log: log.handler)
        options.limits.choice = .seconds(5)
        let library = try TestPlugin.library(["EARLY_AT=\"\(step)\"", "EARLY_DO=\"hang\""])
        let registry = DeploymentRegistry(
            plugins: [
                PluginSpec(name: "stuck", library: library),
                PluginSpec(name: "tally", library: try TestPlugin.library()),
            ],
            models: [ModelSpec(name: "m", source: TestPlugin.model, parallel: 2)], options: options,
            makeServing: { supervisor, _ in TestServing(supervisor) })
        try await registry.load("m")
        #expect(registry.models[0].plugin == "tally")
        let warnings = registry.models[0].warnings
        let warning = try #require(warnings.first { $0.contains("'stuck'") })
        #expect(warning.hasSuffix("hung in \(step)"))
        #expect(log.lines.contains { $0.text == warning && $0.level == .warning })
        await registry.stop(within: patience)
    }
}
