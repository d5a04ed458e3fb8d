import Glibc
import PluginHost
import Testing

/// Nothing that a plugin starts, and nowhere that it goes, outlives its worker.
@Suite struct WorkerEscapeTests {
    /// The failure of a step that does `deed`, and what the worker said.
    private func step(
        _ deed: String, limit: Duration = patience
    ) async throws -> (failure: ModelFailure?, worker: Int32, said: [String]) {
        let log = LogRecorder()
        return try await BlockingThread.run("escape") {
            let model = try openModel(
                .worker, config: settings(at: "forward", do: deed),
                options: testOptions(log: log.handler))
            let worker = try #require(model.processID)
            let failure = failure { _ = try model.feed([256], deadline: limit) }
            model.close()
            return (failure, worker, log.lines.map(\.text))
        }
    }

    private func daemon(_ said: [String]) throws -> Int32 {
        let line = try #require(said.first { $0.hasPrefix("daemon ") })
        return try #require(Int32(line.dropFirst("daemon ".count)))
    }

    @Test func aWorkerInTheHostsProcessGroupIsKilledAtItsDeadline() async throws {
        let (failure, worker, said) = try await step("regroup", limit: shortPatience)
        guard case .hung("forward", _, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(said.contains("in another group"))
        #expect(isGone(worker))
    }

    @Test func aDaemonEndsWithAWorkerThatCrashes() async throws {
        let (failure, worker, said) = try await step("daemon")
        guard case .crashed(let death) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(death.cause == .signal(SIGABRT) && death.step == "forward")
        #expect(isGone(worker))
        #expect(isGone(try daemon(said)))
    }

    @Test func aDaemonEndsWithAWorkerThatIsClosed() async throws {
        let (failure, worker, said) = try await step("daemons")
        #expect(failure == nil && isGone(worker))
        #expect(isGone(try daemon(said)))
    }

    /// Its reaper can do nothing, and the worker has seen to it that it does not end with it.
    @Test func aWorkerThatStopsItsReaperIsKilledAllTheSame() async throws {
        let (failure, worker, _) = try await step("mutiny", limit: shortPatience)
        guard case .hung("forward", _, _) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(eventually { isGone(worker) })
    }

    /// It has seen to it that it does not end with its reaper.
    @Test func aWorkerThatKillsItsReaperIsKilledAtOnce() async throws {
        let (failure, worker, _) = try await step("regicide")
        guard case .crashed(let death) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(death.cause == .signal(SIGKILL) && death.step == "forward")
        #expect(eventually { isGone(worker) })
    }

    @Test func aDaemonEndsWithTheHost() throws {
        let command = [
            "\(productFolder)/TestWorker", "host", try TestPlugin.library(), TestPlugin.model,
            "\(TestFolder.shared.path)/store", settings(at: "forward", do: "daemons"),
        ]
        let text = "exec " + command.map { "'\($0)'" }.joined(separator: " ")
        let host = try #require(popen(text, "r"))
        defer { pclose(host) }
        let id = try #require(Int32(line(of: host).dropFirst("host ".count)))
        while case let said = line(of: host), said != "idle" { try #require(!said.isEmpty) }
        let below = descendants(of: id)
        // The reaper, the worker, and what that left behind.
        #expect(below.count == 3)
        kill(id, SIGKILL)
        #expect(eventually { below.allSatisfy(isGone) })
    }

    private func descendants(of id: Int32) -> [Int32] {
        livingChildren(of: id).flatMap { [$0] + descendants(of: $0) }
    }
}
