import Synchronization

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
