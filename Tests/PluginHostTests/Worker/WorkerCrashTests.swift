import Glibc
import PluginHost
import Testing

/// Whatever a plugin does to its process, the host goes on and knows what happened.
@Suite struct WorkerCrashTests {
    private static let deeds: [(deed: String, cause: WorkerDeath.Cause)] = [
        ("segv", .signal(SIGSEGV)), ("abort", .signal(SIGABRT)), ("overflow", .signal(SIGSEGV)),
        ("exit0", .exit(0)), ("exit7", .exit(7)), ("spam", .signal(SIGABRT)),
    ]

    private func expect(_ failure: ModelFailure?, _ cause: WorkerDeath.Cause, in step: String) {
        guard case .crashed(let death) = failure else {
            Issue.record("expected a crash in \(step), found \(String(describing: failure))")
            return
        }
        #expect(death.cause == cause)
        #expect(death.step == step)
    }

    @Test(arguments: ["dlopen", "query", "attach"], deeds.indices)
    func aLibraryThatEndsItsProcessIsReported(_ step: String, index: Int) {
        let (deed, cause) = Self.deeds[index]
        let macros = ["EARLY_AT=\"\(step)\"", "EARLY_DO=\"\(deed)\""]
        expect(failure { try openModel(.worker, macros: macros).close() }, cause, in: step)
    }

    private static let loading = [
        ("probe", "probe"), ("open", "open"), ("context_new", "context_new"), ("caps", "describe"),
        ("info", "describe"), ("vocab", "vocab"), ("extension", "extension"),
    ]

    @Test(arguments: loading, deeds.indices)
    func aModelThatEndsItsProcessIsReported(_ at: (String, String), index: Int) {
        let (deed, cause) = Self.deeds[index]
        let failure = failure {
            try openModel(.worker, config: settings(at: at.0, do: deed)).close()
        }
        expect(failure, cause, in: at.1)
    }

    @Test func aVocabularyThatPointsNowhereIsACrashInIt() {
        let failure = failure {
            try openModel(.worker, config: settings(at: "vocab", do: "far")).close()
        }
        expect(failure, .signal(SIGSEGV), in: "vocab")
    }

    private static func call(
        _ model: any LoadedModel, _ step: String, _ limit: Duration = patience
    ) throws {
        switch step {
        case "tokenize": _ = try model.tokenize("a", addSpecial: false, parseSpecial: false)
        case "forward": _ = try model.feed([256], deadline: limit)
        case "seq_len": _ = try model.sequenceLength(0)
        case "seq_clear": try model.clear(0)
        default: _ = try model.selfTest(limit: limit)
        }
    }

    private static let calls = ["tokenize", "forward", "seq_len", "seq_clear", "self-test"]

    @Test(arguments: calls, deeds.indices)
    func aCallThatEndsItsProcessIsReported(_ step: String, index: Int) throws {
        let (deed, cause) = Self.deeds[index]
        let model = try openModel(.worker, config: settings(at: step, do: deed))
        defer { model.close() }
        expect(failure { try Self.call(model, step) }, cause, in: step)
        // A model that is gone stays gone, with the same reason.
        expect(failure { try model.clear(0) }, cause, in: step)
    }

    @Test func theLastLinesAreKeptAndAFloodDoesNotReachTheLog() throws {
        let log = LogRecorder()
        let model = try openModel(
            .worker, config: settings(at: "forward", do: "spam"),
            options: testOptions(log: log.handler))
        defer { model.close() }
        guard case .crashed(let death) = failure(of: { _ = try model.feed([256]) }) else {
            Issue.record("no crash")
            return
        }
        #expect(death.stderr.hasSuffix("the end of it\n"))
        #expect(death.stderr.utf8.count <= 8192 && death.stderr.utf8.count > 4096)
        #expect(death.stderr.hasPrefix("line "))
        #expect(ModelFailure.crashed(death).description.contains("SIGABRT in forward"))
        #expect(log.lines.count < 2000)
        #expect(log.lines.contains { $0.text.contains("lines left out") })
    }

    @Test func theLastLinesHaveNoLevelsInThem() throws {
        let model = try openModel(.worker, config: settings(at: "forward", do: "segv"))
        defer { model.close() }
        guard case .crashed(let death) = failure(of: { _ = try model.feed([256]) }) else {
            Issue.record("no crash")
            return
        }
        #expect(
            death.stderr
                == "tally: attached\norg.example.tally: counting to four\nabout to touch null\n")
    }

    // MARK: - Hanging

    @Test(arguments: calls)
    func aCallThatHangsIsEndedAtItsDeadline(_ step: String) async throws {
        let found = try await BlockingThread.run("hang") {
            let model = try openModel(
                .worker, config: settings(at: step, do: "hang"),
                options: testOptions(limit: shortPatience))
            defer { model.close() }
            let found = failure { try Self.call(model, step, shortPatience) }
            #expect(isGone(try #require(model.processID)))
            return found
        }
        guard case .hung(step, let after, _) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(after >= shortPatience && after < patience)
    }

    @Test(arguments: ["dlopen", "query", "attach", "probe", "open", "context_new"])
    func aModelThatHangsWhileLoadingIsEnded(_ step: String) async {
        let found = await BlockingThread.run("hang") {
            var options = testOptions()
            let limit = Duration.milliseconds(1000)
            switch step {
            case "dlopen": options.limits.library = limit
            case "query": options.limits.query = limit
            case "attach": options.limits.attach = limit
            case "probe": options.limits.probe = limit
            default: options.limits.load = limit
            }
            let isEarly = ["dlopen", "query", "attach"].contains(step)
            return failure {
                try openModel(
                    .worker,
                    macros: isEarly ? ["EARLY_AT=\"\(step)\"", "EARLY_DO=\"hang\""] : [],
                    config: settings(at: step, do: "hang"), options: options
                ).close()
            }
        }
        guard case .hung(step, _, _) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test(arguments: ["segv", "exit7", "hang"])
    func aModelThatMisbehavesInCloseIsStillClosed(_ deed: String) async throws {
        let gone = try await BlockingThread.run("close") {
            let limit = deed == "hang" ? shortPatience : patience
            let model = try openModel(
                .worker, config: settings(at: "close", do: deed),
                options: testOptions(limit: limit))
            model.close()
            return isGone(try #require(model.processID))
        }
        #expect(gone)
    }

    /// It costs no request: nothing but the log tells of it.
    @Test(arguments: ["context_free", "close", "detach"], ["segv", "exit7", "hang"])
    func whatGoesWrongInClosingIsInTheLog(_ step: String, deed: String) async throws {
        let log = LogRecorder()
        try await BlockingThread.run("close") {
            let limit = deed == "hang" ? shortPatience : patience
            try openModel(
                .worker, config: settings(at: step, do: deed),
                options: testOptions(limit: limit, log: log.handler)
            ).close()
        }
        let says = [
            "segv": "the worker was ended by SIGSEGV in \(step)",
            "exit7": "the worker exited with status 7 in \(step)",
            "hang": "did not close in time and was killed in \(step)",
        ][deed]!
        #expect(
            eventually { log.lines.contains { $0.level == .warning && $0.text.contains(says) } })
    }

    @Test func aModelThatClosesWellLeavesNoWarning() throws {
        let log = LogRecorder()
        let model = try openModel(.worker, options: testOptions(log: log.handler))
        model.close()
        #expect(isGone(try #require(model.processID)))
        #expect(!log.lines.contains { $0.text.contains("close") })
    }

    // MARK: - Foul play

    /// An answer takes no more of the host's memory than its call can need.
    @Test func anAnswerThatIsTooLongIsNotReceived() throws {
        let model = try openModel(.worker, config: settings(at: "forward", do: "flood"))
        defer { model.close() }
        #expect(
            failure { _ = try model.feed([256], deadline: patience) }
                == .broken(
                    step: "forward",
                    reason: "a frame of 267386880 bytes, expected at most 65536"))
    }

    @Test func aPluginThatClosesItsConnectionsIsEnded() throws {
        let model = try openModel(.worker, config: settings(at: "forward", do: "close"))
        defer { model.close() }
        #expect(failure { _ = try model.feed([256], deadline: patience) }?.isFatal == true)
        #expect(eventually { isGone(model.processID ?? 0) })
    }

    /// Were the shared file shorter than the host's view of it, reading a row would end the host.
    @Test func aPluginCannotTakeTheHostsMemoryAway() throws {
        let log = LogRecorder()
        let model = try openModel(
            .worker, config: settings(at: "forward", do: "shrink"),
            options: testOptions(log: log.handler))
        defer { model.close() }
        #expect(try model.feed([256]) == tally([256]))
        #expect(!log.lines.contains { $0.text.contains("taken away") })
    }

    @Test func whatAPluginStartedGoesWithIt() throws {
        let model = try openModel(.worker, config: settings(at: "forward", do: "child"))
        defer { model.close() }
        let group = try #require(model.processID)
        expect(failure { _ = try model.feed([256]) }, .signal(SIGABRT), in: "forward")
        #expect(eventually { livingMembers(ofGroup: group).isEmpty })
    }

    @Test func rowsCanBeReadAfterTheirWorkerDied() throws {
        let model = try openModel(.worker)
        let rows = try model.forward(
            Batch(tokens: [256], sequences: [0], positions: [0], wants: [true]), deadline: nil
        )
        kill(try #require(model.processID), SIGKILL)
        #expect(eventually { isGone(model.processID ?? 0) })
        model.close()
        #expect(rows.best(0) == tally([256]))
    }
}
