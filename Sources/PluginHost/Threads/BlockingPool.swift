import Glibc
import Synchronization

/// Runs code that blocks on a few threads of its own, which end when there has been nothing to do for a
/// while: a host that answers one request after the other starts no thread for each.
///
/// Neither Swift's cooperative pool nor Dispatch's global queues may run it: on Linux both take their
/// threads, one per core, from the same place, and the requests of all other models would wait.
package final class BlockingPool: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var threads = 0
        /// Those of the threads that wait for a job.
        var idle = 0

        mutating func next() -> (@Sendable () -> Void)? {
            jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }

    /// How long a thread waits for the next job.
    private static let rest = Duration.seconds(2)

    private let name: String
    private let limit: Int
    private let state = Monitor(State())

    /// - Parameter limit: threads at a time.
    package init(_ name: String, limit: Int) {
        self.name = name
        self.limit = max(1, limit)
    }

    /// Runs `body` after what was given earlier and awaits what it returns.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Runs `job` after what was given earlier.
    package func start(_ job: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            guard state.jobs.count > state.idle, state.threads < limit else { return false }
            state.threads += 1
            return true
        }
        guard needsThread else { return }
        let caller = pthread_self()
        // Where the system has no thread left, the caller does the work, and does not wait for more.
        BlockingThread.start(name) { [self] in work(rests: pthread_self() != caller) }
    }

    private func work(rests: Bool) {
        while let job = next(rests: rests) { job() }
    }

    /// Nil ends the thread.
    private func next(rests: Bool) -> (@Sendable () -> Void)? {
        let ready = state.withLock { state in
            let ready = state.next()
            if ready == nil, rests { state.idle += 1 }
            if ready == nil, !rests { state.threads -= 1 }
            return ready
        }
        if ready != nil || !rests { return ready }
        // Whoever starts a job relies on the number of idle threads: it changes with what they take.
        let late = state.wait(atMost: Self.rest) { state in
            let job = state.next()
            if job != nil { state.idle -= 1 }
            return job
        }
        return late
            ?? state.withLock { state in
                let job = state.next()
                state.idle -= 1
                if job == nil { state.threads -= 1 }
                return job
            }
    }
}

/// Runs an actor on the threads of a pool, for actors whose work blocks or takes long: on Swift's
/// cooperative pool, with one thread per core, a few of them would block all other tasks.
///
/// Its jobs run one after the other. Actors that share a pool take turns, a job each.
package final class BlockingExecutor: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isRunning = false
    }

    private let pool: BlockingPool
    private let state = Mutex(State())

    /// - Parameter pool: its threads may run other things as well.
    package init(on pool: BlockingPool) {
        self.pool = pool
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isIdle = state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isIdle { takeTurn() }
    }

    private func takeTurn() {
        pool.start { [self] in
            let job = state.withLock { $0.jobs.removeFirst() }
            job.runSynchronously(on: asUnownedSerialExecutor())
            let hasMore = state.withLock { state in
                state.isRunning = !state.jobs.isEmpty
                return state.isRunning
            }
            if hasMore { takeTurn() }
        }
    }
}
