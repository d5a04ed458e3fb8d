import Glibc
import PluginHost
import Synchronization
import Testing

@Suite struct ModelSupervisorTests {
    /// A model that only lives and dies.
    private final class Mortal: LoadedModel {
        let description = ModelDescription(pluginID: "p", pluginVersion: "1", family: "f")
        let vocabulary: Vocabulary? = nil
        let closed = Flag()
        private let life = Mutex<(isOver: Bool, handler: (@Sendable (ModelFailure) -> Void)?)>(
            (false, nil))

        func die() {
            let handler = life.withLock { life in
                life.isOver = true
                return life.handler
            }
            handler?(ModelSupervisorTests.crash)
        }

        /// Whoever asks after the death is told too.
        func onDeath(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
            let isOver = life.withLock { life in
                life.handler = handler
                return life.isOver
            }
            if isOver { handler(ModelSupervisorTests.crash) }
        }

        func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
            throw ModelFailure.refused(code: .unsupported, flags: [], message: "no calls here")
        }

        func requestCancel() {}
        func close() { closed.set() }
    }

    private static let crash = ModelFailure.crashed(
        WorkerDeath(cause: .signal(SIGSEGV), step: "forward", stderr: ""))

    /// A clock that a test moves.
    private final class Clock: Sendable {
        private let nanoseconds = Atomic<UInt64>(1_000_000_000)
        var now: MonotonicTime { MonotonicTime(nanoseconds: nanoseconds.load(ordering: .relaxed)) }
        func advance(seconds: UInt64) {
            nanoseconds.add(seconds * 1_000_000_000, ordering: .relaxed)
        }
    }

    private let clock = Clock()
    private let events = LogRecorder()

    private func supervisor(
        quarantine: Duration = .seconds(60),
        launch: @escaping @Sendable () throws -> any LoadedModel
    ) -> ModelSupervisor {
        var policy = RestartPolicy()
        policy.initialDelay = .milliseconds(1)
        policy.quarantine = quarantine
        let (clock, events) = (clock, events.handler)
        return ModelSupervisor(
            name: "m", policy: policy, now: { clock.now },
            events: { events(LogLine(level: .info, source: "m", text: $0.description)) },
            launch: launch)
    }

    @Test func theFirstStartsFailureIsThrownAndALaterCallTriesAgain() throws {
        let tries = Atomic<Int>(0)
        let supervisor = supervisor {
            if tries.add(1, ordering: .relaxed).newValue == 1 {
                throw ModelFailure.load(stage: .open, reason: "no file")
            }
            return Mortal()
        }
        #expect(throws: ModelFailure.load(stage: .open, reason: "no file")) {
            try supervisor.current()
        }
        #expect(supervisor.status.state == .idle)
        #expect(supervisor.status.lastFailure == "open: no file")
        #expect(try supervisor.current() === supervisor.current())
    }

    @Test func aDiscardedModelIsReplacedOnce() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        let first = try supervisor.current()
        supervisor.discard(first, because: Self.crash)
        supervisor.discard(first, because: Self.crash)
        let second = try supervisor.current()
        #expect(second !== first)
        #expect((first as? Mortal)?.closed.isSet == true)
        supervisor.discard(first, because: Self.crash)
        #expect(try supervisor.current() === second)
        #expect(supervisor.status.restarts == 1)
        #expect(supervisor.status.lastFailure?.contains("SIGSEGV in forward") == true)
    }

    @Test func aModelThatDiesIdleIsReplacedWithoutBeingAsked() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        let first = try supervisor.current()
        (first as? Mortal)?.die()
        #expect(eventually { supervisor.status.restarts == 1 })
        #expect(supervisor.status.state == .running(processID: nil))
        #expect(events.lines.map(\.text).contains { $0.hasPrefix("starts again in") })
    }

    @Test func aCrashLoopRestsAndIsTriedAgainLater() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        for _ in 0..<3 { supervisor.discard(try supervisor.current(), because: Self.crash) }
        #expect(
            eventually {
                if case .quarantined = supervisor.status.state { return true }
                return false
            })
        let refused = failure { _ = try supervisor.current() }
        guard case .unavailable(let reason, let retryAfter) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(reason.contains("SIGSEGV") && retryAfter == .seconds(60))
        clock.advance(seconds: 59)
        #expect(failure { _ = try supervisor.current() } != nil)
        clock.advance(seconds: 1)
        #expect(failure { _ = try supervisor.current() } == nil)
    }

    @Test func restartsThatFailCountAsFailures() throws {
        let healthy = Flag()
        let supervisor = supervisor {
            if healthy.isSet { throw ModelFailure.load(stage: .open, reason: "gone") }
            return Mortal()
        }
        let model = try supervisor.current()
        healthy.set()
        supervisor.discard(model, because: Self.crash)
        #expect(
            eventually {
                if case .quarantined(_, let reason) = supervisor.status.state {
                    return reason.contains("open: gone")
                }
                return false
            })
    }

    @Test func stoppingClosesTheModelAndEndsTheWaiting() async throws {
        let supervisor = supervisor { Mortal() }
        let model = try supervisor.current()
        supervisor.stop()
        supervisor.stop()
        #expect((model as? Mortal)?.closed.isSet == true)
        #expect(failure { _ = try supervisor.current() } != nil)
    }

    @Test func aModelThatArrivesAfterStopIsClosed() throws {
        let started = Flag()
        let refused = Flag()
        let go = Flag()
        let late = Mortal()
        let supervisor = supervisor {
            started.set()
            _ = eventually { go.isSet }
            return late
        }
        BlockingThread.start("start") {
            if failure(of: { _ = try supervisor.current() }) != nil { refused.set() }
        }
        #expect(eventually { started.isSet })
        supervisor.stop()
        go.set()
        #expect(eventually { refused.isSet })
        #expect(late.closed.isSet)
    }

    @Test func aRealWorkerThatCrashedIsReplacedAndGoesOn() throws {
        let marker = TestFolder.shared.unique("once")
        let supervisor = supervisor {
            try openModel(.worker, config: settings(at: "forward", do: "segv", marker: marker))
        }
        defer { supervisor.stop() }
        let first = try supervisor.current()
        let crashed = failure { _ = try first.feed([256, 1]) }
        supervisor.discard(first, because: try #require(crashed))
        let second = try supervisor.current()
        #expect(second.processID != first.processID)
        #expect(try second.feed([256, 1]) == tally([256, 1]))
    }

    // MARK: - Blame

    @Test func failuresThatRequestsAreToBlameForDoNotCount() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        for request in 0..<10 {
            let blame = Blame(request, since: clock.now)
            supervisor.discard(try supervisor.current(), because: Self.crash, blaming: blame)
        }
        #expect(try supervisor.current().processID == nil)
        #expect(supervisor.refusal { 4 } == .seconds(300))
        #expect(supervisor.refusal { 11 } == nil)
        clock.advance(seconds: 300)
        #expect(supervisor.refusal { 4 } == nil)
    }

    /// The watch may notice the end before the engine knows whose fault it was.
    @Test func blameThatComesAfterTheRestartCountsAsWell() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        for request in 0..<6 {
            let model = try supervisor.current()
            let began = clock.now
            (model as? Mortal)?.die()
            #expect(eventually { supervisor.status.restarts == request + 1 })
            supervisor.discard(model, because: Self.crash, blaming: Blame(request, since: began))
        }
        #expect(try supervisor.current().processID == nil)
    }

    @Test func blameEndsTheRestThatItsFailureBegan() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        for _ in 0..<2 { supervisor.discard(try supervisor.current(), because: Self.crash) }
        let model = try supervisor.current()
        (model as? Mortal)?.die()
        #expect(
            eventually {
                if case .quarantined = supervisor.status.state { return true }
                return false
            })
        supervisor.discard(model, because: Self.crash, blaming: Blame(1, since: clock.now))
        #expect(eventually { supervisor.status.state == .running(processID: nil) })
    }

    /// Who notices a failure first: the engine, which knows whose fault it was, or the watch of the worker, so that
    /// the model is on its way again, or up, when the engine comes.
    enum Order: CaseIterable {
        case engineFirst, whileItStarts, afterTheRestart
    }

    /// Loses the model for each of some requests.
    private func blame(
        _ requests: Range<Int>, _ supervisor: ModelSupervisor, _ order: Order, holding gate: Gate
    ) throws {
        for request in requests {
            let model = try supervisor.current()
            let blame = Blame(request, since: clock.now)
            switch order {
            case .engineFirst: break
            case .whileItStarts:
                gate.close()
                (model as? Mortal)?.die()
                #expect(eventually { gate.isReached })
            case .afterTheRestart:
                let restarts = supervisor.status.restarts
                (model as? Mortal)?.die()
                #expect(eventually { supervisor.status.restarts > restarts })
                _ = try supervisor.current()
            }
            supervisor.discard(model, because: Self.crash, blaming: blame)
            gate.open()
        }
    }

    @Test(arguments: Order.allCases)
    func manyRequestsThatAreToBlameRestTheModelWhoeverNoticesFirst(_ order: Order) throws {
        let gate = Gate()
        let supervisor = supervisor {
            gate.pass()
            return Mortal()
        }
        defer { supervisor.stop() }
        try blame(0..<20, supervisor, order, holding: gate)
        let refused = failure { _ = try supervisor.current() }
        guard case .unavailable(let reason, let retryAfter) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(reason.contains("keeps failing") && retryAfter == .seconds(60))
        clock.advance(seconds: 60)
        try blame(20..<39, supervisor, order, holding: gate)
        #expect(try supervisor.current().processID == nil)
    }

    /// A model that came up only after the rest of its start was over, and another start had failed as well.
    @Test func aStartThatIsOlderThanARestGivesWay() throws {
        let (old, new) = (Gate(), Gate())
        let launched = Monitor<[Mortal]>([])
        let supervisor = supervisor {
            let model = Mortal()
            let number = launched.withLock { launched in
                launched.append(model)
                return launched.count
            }
            if number == 21 { old.pass() }
            if number == 23 { new.pass() }
            return model
        }
        defer { supervisor.stop() }
        old.close()
        new.close()
        try blame(0..<19, supervisor, .engineFirst, holding: Gate())
        let model = try supervisor.current()
        let blame = Blame(19, since: clock.now)
        (model as? Mortal)?.die()
        #expect(eventually { old.isReached })
        supervisor.discard(model, because: Self.crash, blaming: blame)
        clock.advance(seconds: 60)
        (try supervisor.current() as? Mortal)?.die()
        #expect(eventually { new.isReached })
        old.open()
        #expect(eventually { launched.withLock { $0[20].closed.isSet } })
        new.open()
        #expect(try supervisor.current() === launched.withLock { $0[22] })
    }

    /// Two failures are the model's own, though the third, with which it rested, turns out to be a request's.
    @Test func failuresBeforeARestThatWasForgivenCountOn() throws {
        let supervisor = supervisor { Mortal() }
        defer { supervisor.stop() }
        for _ in 0..<2 { supervisor.discard(try supervisor.current(), because: Self.crash) }
        let model = try supervisor.current()
        clock.advance(seconds: 1)
        let began = clock.now
        (model as? Mortal)?.die()
        #expect(eventually { isResting(supervisor) })
        supervisor.discard(model, because: Self.crash, blaming: Blame(1, since: began))
        #expect(eventually { supervisor.status.state == .running(processID: nil) })
        supervisor.discard(try supervisor.current(), because: Self.crash)
        #expect(eventually { isResting(supervisor) })
    }

    private func isResting(_ supervisor: ModelSupervisor) -> Bool {
        if case .quarantined = supervisor.status.state { true } else { false }
    }

    /// Where launches wait while it is closed.
    final class Gate: Sendable {
        private let state = Monitor((isClosed: false, waiting: 0))

        var isReached: Bool { state.withLock { $0.waiting > 0 } }
        func close() { state.withLock { $0.isClosed = true } }
        func open() { state.withLock { $0.isClosed = false } }

        func pass() {
            state.withLock { $0.waiting += 1 }
            _ = state.wait { $0.isClosed ? nil : true }
            state.withLock { $0.waiting -= 1 }
        }
    }

    /// The model fails to start after a rest that was forgiven, so that it rests again; then somebody asks for it,
    /// and whoever waited for the end of the rest must not start a second one beside it.
    @Test func aRestThatACallerEndsIsNotEndedTwice() throws {
        let (gate, launches, fails) = (Gate(), Counter(), Counter())
        let supervisor = supervisor {
            launches.count.add(1, ordering: .relaxed)
            gate.pass()
            if fails.count.load(ordering: .relaxed) % 2 == 1 {
                throw ModelFailure.load(stage: .open, reason: "gone")
            }
            return Mortal()
        }
        defer { supervisor.stop() }
        for _ in 0..<2 { supervisor.discard(try supervisor.current(), because: Self.crash) }
        let model = try supervisor.current()
        (model as? Mortal)?.die()
        #expect(eventually { isResting(supervisor) })
        fails.count.add(1, ordering: .relaxed)
        supervisor.discard(model, because: Self.crash, blaming: Blame(1, since: clock.now))
        #expect(eventually { isResting(supervisor) })

        fails.count.add(1, ordering: .relaxed)
        clock.advance(seconds: 60)
        gate.close()
        let before = launches.count.load(ordering: .relaxed)
        BlockingThread.start("start") { _ = try? supervisor.current() }
        #expect(eventually { gate.isReached })
        // Each look at the state wakes those who wait for a change of it.
        for _ in 0..<1000 {
            _ = supervisor.status
            sched_yield()
        }
        gate.open()
        #expect(eventually { supervisor.status.state == .running(processID: nil) })
        #expect(launches.count.load(ordering: .relaxed) == before + 1)
    }

    private final class Counter: Sendable {
        let count = Atomic<Int>(0)
    }

    @Test func aRestEndsThoughNobodyAsks() throws {
        let supervisor = supervisor(quarantine: .milliseconds(20)) { Mortal() }
        defer { supervisor.stop() }
        for _ in 0..<3 { supervisor.discard(try supervisor.current(), because: Self.crash) }
        #expect(eventually { supervisor.status.restarts == 3 })
        #expect(events.lines.contains { $0.text.hasPrefix("keeps failing") })
    }
}
