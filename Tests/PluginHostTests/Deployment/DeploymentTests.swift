import Glibc
import PluginHost
import Synchronization
import Testing

/// What serves in these tests: the model itself.
final class TestServing: RevisionServing {
    let supervisor: ModelSupervisor
    let drained = Flag()
    let stopped = Flag()

    init(_ supervisor: ModelSupervisor) { self.supervisor = supervisor }

    func drain(upTo limit: Duration) async { drained.set() }
    func stop() { stopped.set() }
}

extension Lease<TestServing> {
    /// Takes a step on the leased revision.
    func step() async throws -> Int32 {
        let supervisor = serving.supervisor
        return try await BlockingThread.run("step") {
            try supervisor.turn.exclusively {
                let model = try supervisor.current()
                try model.clear(0)
                return try model.feed([256, 5])
            }
        }
    }
}

/// A deployed test plugin whose library is the test's own to replace.
struct TestDeployment {
    let registry: DeploymentRegistry<TestServing>
    let library = TestFolder.shared.unique("libtally.so")
    let log = LogRecorder()

    init(
        _ isolation: Isolation = .worker, config: String = "", load: ModelSpec.Load = .start,
        edit: (inout PluginHostOptions) -> Void = { _ in }
    ) throws {
        var options = testOptions(log: log.handler)
        edit(&options)
        registry = DeploymentRegistry(
            plugins: [PluginSpec(name: "tally", library: library, isolation: isolation)],
            models: [
                ModelSpec(
                    name: "m", plugin: "tally", source: TestPlugin.model, load: load, parallel: 4,
                    configJSON: config)
            ],
            options: options, makeServing: { supervisor, _ in TestServing(supervisor) })
        try install([])
    }

    var deployment: Deployment<TestServing> {
        get throws { try #require(registry.deployment("m")) }
    }

    /// Puts another build in the place of the library.
    func install(_ macros: [String]) throws {
        _ = run(["/bin/cp", try TestPlugin.library(macros), library + ".new"])
        rename(library + ".new", library)
    }
}

@Suite struct DeploymentTests {
    @Test(arguments: Isolation.allCases)
    func aReloadPutsTheNewLibraryInPlace(_ isolation: Isolation) async throws {
        let test = try TestDeployment(isolation)
        await test.registry.start()
        let deployment = try test.deployment
        #expect(deployment.status.state == .ready && deployment.status.revision == 1)
        #expect(deployment.status.description?.pluginVersion == "1.0.0")
        #expect(try await deployment.acquire().step() == tally([256, 5]))
        try test.install(["VERSION=\"2.0.0\""])
        #expect(try await deployment.reload(expecting: 1) == 2)
        #expect(deployment.status.description?.pluginVersion == "2.0.0")
        #expect(try await deployment.acquire().step() == tally([256, 5]))
        await test.registry.stop(within: patience)
        #expect(deployment.status.state == .unloaded)
    }

    @Test func aLeaseKeepsItsRevisionThroughAReload() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        let lease = try deployment.acquire()
        let old = lease.serving
        let worker = try #require(try old.supervisor.current().processID)
        _ = try await deployment.reload()
        #expect(deployment.status.revision == 2 && deployment.status.draining == 1)
        #expect(deployment.status.inFlight == 1)
        #expect(lease.revision == 1)
        #expect(try await lease.step() == tally([256, 5]))
        #expect(!old.drained.isSet && !old.stopped.isSet)
        lease.release()
        #expect(await soon { deployment.status.draining == 0 })
        #expect(old.drained.isSet && old.stopped.isSet)
        #expect(isGone(worker))
        #expect(try await deployment.acquire().step() == tally([256, 5]))
        await test.registry.stop(within: patience)
    }

    @Test func stoppingEndsReplacedRevisionsToo() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        let lease = try deployment.acquire()
        let old = lease.serving
        let worker = try #require(try old.supervisor.current().processID)
        _ = try await deployment.reload()
        #expect(deployment.status.draining == 1)
        // Its work never ends, and it may go on for longer than the stop.
        await test.registry.stop(within: .milliseconds(50))
        #expect(old.stopped.isSet && isGone(worker))
        #expect(deployment.status.draining == 0)
        lease.release()
    }

    @Test func workThatDoesNotEndIsEnded() async throws {
        let test = try TestDeployment { $0.drainTimeout = .milliseconds(20) }
        let deployment = try test.deployment
        try await deployment.load()
        let lease = try deployment.acquire()
        try await deployment.unload()
        #expect(lease.serving.stopped.isSet)
        await #expect(throws: ModelFailure.self) { try await lease.step() }
        lease.release()
        #expect(throws: DeploymentError.notLoaded(model: "m", reason: nil)) {
            try deployment.acquire()
        }
    }

    private static let bad: [(macros: [String], stage: LoadStage)] = [
        (["EARLY_AT=\"dlopen\"", "EARLY_DO=\"segv\""], .library),
        (["EARLY_AT=\"query\"", "EARLY_DO=\"abort\""], .query),
        (["MIN_HOST_MINOR=7"], .query),
        (["EARLY_AT=\"attach\"", "EARLY_DO=\"exit0\""], .attach),
        (["EARLY_AT=\"attach\"", "EARLY_DO=\"\""], .attach),
    ]

    @Test(arguments: bad.indices)
    func aLibraryThatFailsLeavesTheOldServing(_ index: Int) async throws {
        let (macros, stage) = Self.bad[index]
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        try test.install(macros)
        try await expectFailure(of: deployment, at: stage)
        await test.registry.stop(within: patience)
    }

    @Test func aFileThatIsNoLibraryLeavesTheOldServing() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        writeText("half a", to: test.library)
        try await expectFailure(of: deployment, at: nil)
        unlink(test.library)
        try await expectFailure(of: deployment, at: .find)
        await test.registry.stop(within: patience)
    }

    /// With its marker in place the model behaves; without it, once more.
    @Test(arguments: [
        ("open", "segv", LoadStage.open), ("open", "refuse", .open),
        ("context_new", "abort", .context),
        ("forward", "segv", .warm), ("forward", "refuse", .warm), ("seq_clear", "exit7", .warm),
        ("self-test", "abort", .selfTest),
    ])
    func aModelThatFailsLeavesTheOldServing(_ step: String, _ deed: String, _ stage: LoadStage)
        async throws
    {
        let marker = TestFolder.shared.unique("marker")
        writeText("", to: marker)
        let test = try TestDeployment(config: settings(at: step, do: deed, marker: marker))
        let deployment = try test.deployment
        try await deployment.load()
        unlink(marker)
        try await expectFailure(of: deployment, at: stage)
        #expect(try await deployment.reload() == 3)
        await test.registry.stop(within: patience)
    }

    @Test(arguments: Isolation.allCases, ["open", "self-test"])
    func aStartThatFailsKeepsNothing(_ isolation: Isolation, _ step: String) async throws {
        let store = TestFolder.shared.unique("store")
        let deed = step == "open" ? "refuse" : "fail"
        let test = try TestDeployment(isolation, config: settings(at: step, do: deed)) {
            $0.store = store
        }
        let deployment = try test.deployment
        for _ in 0..<50 {
            await #expect(throws: DeploymentError.self) { try await deployment.load() }
        }
        // That of the copy which the next start would use.
        #expect(await soon { openFiles(below: store) <= 1 })
        await test.registry.stop(within: patience)
    }

    @Test func aLibraryThatIsRefusedSaysWhatWouldMendIt() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        let other = try CompiledLibrary("int other(void) { return 1; }")
        defer { other.remove() }
        rename(other.path, test.library)
        let error = await #expect(throws: DeploymentError.self) {
            _ = try await deployment.reload()
        }
        guard case .failed("m", .preflight, let reason, let fix?, 1) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.hasSuffix("does not export roost_plugin_query_v1"))
        #expect(fix.hasPrefix("define it with C linkage"))
        await test.registry.stop(within: patience)
    }

    @Test func whatAPluginRefusesStandsInTheModelsStatus() async throws {
        let test = try TestDeployment(config: settings(at: "tokenize", do: "refuse"))
        let deployment = try test.deployment
        try await deployment.load()
        let lease = try deployment.acquire()
        let supervisor = lease.serving.supervisor
        await BlockingThread.run("tokenize") {
            _ = try? supervisor.current().tokenize("a", addSpecial: true, parseSpecial: true)
        }
        lease.release()
        #expect(deployment.status.supervisor?.lastFailure == "refused as told")
        #expect(deployment.status.supervisor?.restarts == 0)
        await test.registry.stop(within: patience)
    }

    @Test func whatWasFoundInALibraryStandsInTheModelsStatus() async throws {
        let test = try TestDeployment()
        try test.install(["EXTRA_EXPORT"])
        try await test.deployment.load()
        let warnings = try test.deployment.status.warnings
        #expect(warnings.map { $0.prefix { $0 != "(" } } == ["exports 1 more symbols "])
        await test.registry.stop(within: patience)
    }

    private func expectFailure(of deployment: Deployment<TestServing>, at stage: LoadStage?)
        async throws
    {
        do {
            _ = try await deployment.reload()
            Issue.record("the reload did not fail")
        } catch DeploymentError.failed("m", let found, let reason, _, let serving) {
            if let stage { #expect(found == stage) }
            #expect(!reason.isEmpty && serving == 1)
        } catch {
            Issue.record("\(error)")
        }
        #expect(deployment.status.revision == 1 && deployment.status.state == .ready)
        #expect(deployment.status.lastError != nil)
        #expect(try await deployment.acquire().step() == tally([256, 5]))
    }

    @Test(arguments: [("self-test", "fail", LoadStage.selfTest), ("forward", "nan", .warm)])
    func aModelThatComputesWronglyNeverServes(_ step: String, _ deed: String, _ stage: LoadStage)
        async throws
    {
        let test = try TestDeployment(config: settings(at: step, do: deed))
        await test.registry.start()
        let status = try test.deployment.status
        #expect(status.state == .failed && status.revision == nil)
        let message = try #require(status.lastError)
        #expect(message.contains("at \(stage.rawValue)"))
        if deed == "fail" { #expect(message.contains("sums (2 + 2 gave 5)")) }
    }

    @Test func aStaleExpectationIsAConflict() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        #expect(try await deployment.reload(expecting: 1) == 2)
        await #expect(throws: DeploymentError.conflict(model: "m", expected: 1, found: 2)) {
            try await deployment.reload(expecting: 1)
        }
        try await deployment.unload()
        await #expect(throws: DeploymentError.conflict(model: "m", expected: 2, found: nil)) {
            try await deployment.reload(expecting: 2)
        }
    }

    @Test func ofReloadsAtOnceTheLastTakesOverAndTheOthersAreToldWhy() async throws {
        let test = try TestDeployment()
        let deployment = try test.deployment
        try await deployment.load()
        let ends = await withTaskGroup(of: Result<Int, any Error>.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    do { return .success(try await deployment.reload()) } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let numbers = ends.compactMap { try? $0.get() }
        #expect(deployment.status.revision == numbers.max() && !numbers.isEmpty)
        for case .failure(let error) in ends {
            #expect(error as? DeploymentError == .superseded(model: "m", by: .reload))
        }
        #expect(deployment.status.lastError == nil)
        await test.registry.stop(within: patience)
    }

    @Test(arguments: Isolation.allCases)
    func thirtyTwoTasksLoadAndUnloadAndTheLastWordHolds(_ isolation: Isolation) async throws {
        let test = try TestDeployment(isolation)
        let deployment = try test.deployment
        await withTaskGroup { group in
            for task in 0..<32 {
                group.addTask {
                    switch task % 4 {
                    case 0: try? await deployment.unload()
                    case 1: _ = try? await deployment.reload()
                    default: try? await deployment.load()
                    }
                    if let lease = try? deployment.acquire() { _ = try? await lease.step() }
                }
            }
        }
        try await deployment.load()
        #expect(deployment.status.state == .ready)
        #expect(try await deployment.acquire().step() == tally([256, 5]))
        try await deployment.unload()
        #expect(deployment.status.state == .unloaded)
        #expect(await soon { deployment.status.draining == 0 && deployment.status.inFlight == 0 })
    }

    @Test func firstUseLoadsOnceAndAFailureRests() async throws {
        let test = try TestDeployment(load: .firstUse)
        await test.registry.start()
        let deployment = try test.deployment
        #expect(deployment.status.state == .unloaded)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await deployment.acquireLoading().revision } }
            for try await revision in group { #expect(revision == 1) }
        }
        try await deployment.unload()
        unlink(test.library)
        for _ in 0..<2 {
            await #expect(throws: DeploymentError.self) { try await deployment.acquireLoading() }
        }
        #expect(test.log.lines.count { $0.text.contains("could not be loaded") } == 1)
    }
}

/// Polls without blocking a thread until `condition` holds.
func soon(_ condition: () -> Bool) async -> Bool {
    let end = MonotonicTime.now + patience
    while MonotonicTime.now < end {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}
