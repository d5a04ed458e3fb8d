/// One conversation with a worker: calls, one at a time, each with one answer.
final class WorkerLine: Sendable {
    private struct Use {
        var busy = false
        var calls: UInt32 = 0
    }

    /// What a plugin that honours its deadline gets on top of it before its worker is killed.
    private static let grace: Duration = .milliseconds(200)
    /// Bytes that any answer may have: numbers, or a failure's words.
    private static let smallAnswer = 64 << 10

    private let process: WorkerProcess
    private let channel: FrameChannel
    private let use = Monitor(Use())
    private let refusal = Monitor<(@Sendable (ModelFailure) -> Void)?>(nil)

    init(_ process: WorkerProcess, _ channel: FrameChannel) {
        self.process = process
        self.channel = channel
    }

    /// Has `handler` told of every call that is refused for a fault that is not the caller's.
    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        refusal.withLock { $0 = handler }
    }

    /// Sends a call and waits for its answer.
    ///
    /// - Parameters:
    ///   - waiting: how long to wait for an earlier call to be answered; nil is for ever.
    ///   - largest: bytes that the answer may have, where it is more than numbers.
    /// - Returns: the answer's payload.
    /// - Throws: `ModelFailure`; the worker is gone unless it is what the worker itself answered.
    func call(
        _ kind: Frame.Kind, _ payload: [UInt8] = [], step: CallStep, limit: Duration?,
        waiting: Duration? = nil, largest: Int = 0, prepare: () -> Void = {}
    ) throws -> [UInt8] {
        guard let number = begin(waiting) else {
            throw ModelFailure.unavailable(reason: "the worker is busy", retryAfter: nil)
        }
        defer { use.withLock { $0.busy = false } }
        prepare()
        let start = MonotonicTime.now
        do {
            let deadline = limit.map { start + $0 + Self.grace }
            try channel.send(Frame(kind: kind, call: number, payload: payload), deadline: deadline)
            let limit = max(largest, Self.smallAnswer)
            return try answer(
                to: number, try channel.receive(atMost: limit, deadline: deadline))
        } catch let failure as ModelFailure {
            if failure.isPluginsFault { refusal.withLock { $0 }?(failure) }
            throw failure
        } catch {
            throw ending(error, step: step, after: .now - start)
        }
    }

    /// Runs `body` while no call is under way.
    ///
    /// - Returns: nil when there was one all the time.
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

    private func answer(to number: UInt32, _ frame: Frame) throws -> [UInt8] {
        guard frame.call == number else {
            throw WireError.value("an answer to call \(frame.call), expected one to call \(number)")
        }
        switch frame.kind {
        case .answer: return frame.payload
        case .failure: throw try ModelFailure(frame.payload)
        default: throw WireError.value("\(frame.kind) where an answer was expected")
        }
    }

    /// Ends the worker for what went wrong on the line, and says what that was.
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
