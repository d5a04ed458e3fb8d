/// A thread that never ends and runs what it is given, one thing after the other.
final class SerialThread: Sendable {
    private let jobs = Monitor<[@Sendable () -> Void]>([])

    init(_ name: String) {
        BlockingThread.start(name) { [jobs] in
            while let job = jobs.wait(until: { $0.isEmpty ? nil : $0.removeFirst() }) { job() }
        }
    }

    /// Runs `body` on the thread and waits for what it returns.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let outcome = Monitor<Result<Value, any Error>?>(nil)
        jobs.withLock {
            $0.append {
                let result = Result { try body() }
                outcome.withLock { $0 = result }
            }
        }
        guard let result = outcome.wait(until: { $0 }) else {
            throw ModelFailure.unavailable(reason: "the thread has ended", retryAfter: nil)
        }
        return try result.get()
    }
}
