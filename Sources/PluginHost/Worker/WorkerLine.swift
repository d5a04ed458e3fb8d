/// One connection to a worker: calls, one at a time, each with one answer.
final class WorkerLine: Sendable {
    private struct Use {
        var busy = false
        var calls: UInt32 = 0
    }

    /// The grace period after the deadline before the worker is killed.
    private static let grace: Duration = .milliseconds(200)
    /// Bytes that any answer may have: numbers, or a failure's words.
    private static let smallAnswer = 64 << 10

    private let process: WorkerProcess
    private let channel: FrameChannel
    /// Takes a line for the log.
    private let note: @Sendable (String) -> Void
    private let use = Monitor(Use())
    private let refusal = Monitor<(@Sendable (ModelFailure) -> Void)?>(nil)

    init(
        _ process: WorkerProcess, _ channel: FrameChannel,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.process = process
        self.channel = channel
        self.note = note
    }

    /// Has `handler` told of every call that is refused for a fault that is not the caller's.
    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        refusal.withLock { $0 = handler }
    }

    /// Sends a call and waits for its answer.
    ///
    /// - Parameters:
    ///   - payload: where it is more than the call.
    ///   - limit: how long the worker may take; nil is unlimited.
    ///   - waiting: how long to wait for an earlier call to be answered; nil is unlimited.
    ///   - prepare: is given the call's number before it is sent.
    /// - Throws: `ModelFailure`; the worker is gone unless it is what the worker itself answered.
    @discardableResult
    func call<Call: WorkerCall>(
        _ call: Call, _ payload: [UInt8]? = nil, limit: Duration?, waiting: Duration? = nil,
        prepare: (UInt32) -> Void = { _ in }
    ) throws -> Call.Answer {
        guard let number = begin(waiting) else {
            throw ModelFailure.unavailable(reason: "the worker is busy", retryAfter: nil)
        }
        defer { use.withLock { $0.busy = false } }
        prepare(number)
        let frame = Frame(
            kind: .call, step: Call.step, call: number, payload: payload ?? call.payload)
        let answer = try exchange(
            frame, limit: limit, largest: max(call.largestAnswer, Self.smallAnswer))
        do {
            return try Call.answer(answer)
        } catch let error as WireError {
            throw ModelFailure.broken(step: Call.step.name, reason: error.description)
        }
    }

    private func exchange(_ call: Frame, limit: Duration?, largest: Int) throws -> [UInt8] {
        let start = MonotonicTime.now
        do {
            let deadline = limit.map { start + $0 + Self.grace }
            try channel.send(call, deadline: deadline)
            return try payload(
                of: try channel.receive(atMost: largest, deadline: deadline), to: call.call)
        } catch let failure as ModelFailure {
            if failure.isPluginsFault {
                refusal.withLock { $0 }?(failure)
                tell(of: call, failure)
            }
            throw failure
        } catch {
            let failure = ending(error, step: call.step, after: .now - start)
            tell(of: call, failure)
            throw failure
        }
    }

    /// Logs a failed call by the name that the plugin knows it by.
    private func tell(of call: Frame, _ failure: ModelFailure) {
        let id = TraceID(process: process.processID, number: call.call)
        note("call \(id), \(call.step.name), failed: \(failure)")
    }

    /// Runs `body` with the number of the call in progress, which does not end meanwhile; without
    /// one it does nothing.
    func withCallUnderWay(_ body: (UInt32) -> Void) {
        use.withLock { use in
            if use.busy { body(use.calls) }
        }
    }

    /// Runs `body` while no call is in progress.
    ///
    /// - Returns: nil if there always was one.
    func whileIdle<Value>(atMost limit: Duration, _ body: () -> Value) -> Value? {
        guard begin(limit) != nil else { return nil }
        defer { use.withLock { $0.busy = false } }
        return body()
    }

    private func begin(_ waiting: Duration?) -> UInt32? {
        use.wait(atMost: waiting) { use -> UInt32? in
            if use.busy { return nil }
            use.busy = true
            use.calls &+= 1
            return use.calls
        }
    }

    private func payload(of frame: Frame, to number: UInt32) throws -> [UInt8] {
        guard frame.call == number else {
            throw WireError.value("an answer to call \(frame.call), expected one to call \(number)")
        }
        switch frame.kind {
        case .answer: return frame.payload
        case .failure: throw try FailureMessage().read(frame.payload).failure()
        default: throw WireError.value("\(frame.kind) where an answer was expected")
        }
    }

    /// Ends the worker because of an error on the connection, and returns the failure.
    private func ending(_ error: any Error, step: CallStep, after: Duration) -> ModelFailure {
        let name = step.name
        if error is DeadlinePassed {
            return process.kill { death in
                let step = death.step == CallStep.idle.name ? name : death.step
                return .hung(step: step, after: after, stderr: death.stderr)
            }
        }
        if case WireError.closed = error, let end = process.waitForEnd(atMost: .seconds(2)) {
            return end
        }
        let reason = String(describing: error)
        return process.kill { _ in .broken(step: name, reason: reason) }
    }
}
