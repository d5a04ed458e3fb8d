import Glibc
import PluginHost
import Synchronization
import Testing

/// Host and worker live and die together, in both directions.
@Suite struct WorkerLifeTests {
    @Test func aWorkerKilledWhileIdleIsNoticedAtOnce() throws {
        let model = try openModel(.worker)
        defer { model.close() }
        let told = Mutex<ModelFailure?>(nil)
        model.onDeath { failure in told.withLock { $0 = failure } }
        kill(try #require(model.processID), SIGKILL)
        #expect(eventually { told.withLock { $0 } != nil })
        guard case .crashed(let death) = told.withLock({ $0 }) else {
            Issue.record("no crash was told")
            return
        }
        #expect(death.cause == .signal(SIGKILL) && death.step == "idle")
    }

    @Test func aWorkerKilledInACallEndsTheCall() async throws {
        let model = try openModel(.worker, config: settings(at: "forward", do: "hang"))
        defer { model.close() }
        let id = try #require(model.processID)
        let call = Task {
            await BlockingThread.run("forward") {
                failure { _ = try model.feed([256], deadline: patience) }
            }
        }
        BlockingThread.start("kill") {
            usleep(20_000)
            kill(id, SIGKILL)
        }
        guard case .crashed(let death) = await call.value else {
            Issue.record("no crash")
            return
        }
        #expect(death.cause == .signal(SIGKILL))
    }

    @Test func closingIsNoDeath() throws {
        let model = try openModel(.worker)
        let told = Flag()
        model.onDeath { _ in told.set() }
        model.close()
        #expect(!told.isSet)
        #expect(ProcessState(try #require(model.processID)) == nil)
    }

    @Test func whoAsksAfterTheDeathIsToldToo() throws {
        let model = try openModel(.worker)
        defer { model.close() }
        kill(try #require(model.processID), SIGKILL)
        #expect(eventually { failure { try model.clear(0) } != nil })
        let told = Flag()
        model.onDeath { _ in told.set() }
        #expect(told.isSet)
    }

    @Test func theTerminalsInterruptIsTheHostsToHandle() throws {
        let model = try openModel(.worker)
        defer { model.close() }
        for signal in [SIGINT, SIGTERM, SIGHUP] { kill(try #require(model.processID), signal) }
        #expect(try model.feed([256]) == tally([256]))
    }

    @Test func aWorkerInheritsNothingElse() throws {
        let descriptor = open("/dev/zero", O_RDONLY)
        defer { close(descriptor) }
        let model = try openModel(.worker)
        defer { model.close() }
        let folder = "/proc/\(try #require(model.processID))/fd"
        let open = run(["/bin/ls", "-l", folder]).output
        #expect(open.contains("socket"))
        #expect(!open.contains("/dev/zero"))
    }

    /// - Parameter at: where the host's worker is when the host is killed.
    @Test(arguments: ["open", "forward", "nowhere"])
    func noWorkerOutlivesItsHost(_ at: String) throws {
        let command = [
            "\(productFolder)/TestWorker", "host", try TestPlugin.library(), TestPlugin.model,
            "\(TestFolder.shared.path)/store", "{\"at\": \"\(at)\", \"do\": \"hang\"}",
        ]
        let host = try #require(
            popen("exec " + command.map { "'\($0)'" }.joined(separator: " "), "r"))
        defer { pclose(host) }
        let id = try #require(Int32(line(of: host).dropFirst("host ".count)))
        var workers: [Int32] = []
        #expect(
            eventually {
                workers = livingChildren(of: id)
                return !workers.isEmpty
            })
        if at != "open" { #expect(line(of: host) == "open") }
        if at == "nowhere" { #expect(line(of: host) == "idle") }
        kill(id, SIGKILL)
        #expect(eventually { workers.allSatisfy(isGone) })
    }

    @Test func loadingAndClosingLeavesNothingBehind() throws {
        let result = run([
            "\(productFolder)/TestWorker", "cycle", try TestPlugin.library(), TestPlugin.model,
            "\(TestFolder.shared.path)/store",
        ])
        #expect(result.output == "flat, no children\n")
    }

    @Test func anExecutableThatIsNoWorkerIsAnError() {
        for executable in ["/bin/true", "/no/such/file", "/bin/cat"] {
            var options = testOptions()
            options.worker = WorkerLaunch(executable: executable, arguments: [])
            let failure = failure { try openModel(.worker, options: options).close() }
            #expect(failure != nil, "\(executable)")
        }
    }
}
