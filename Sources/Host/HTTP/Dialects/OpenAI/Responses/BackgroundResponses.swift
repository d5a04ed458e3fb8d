import Synchronization

/// The responses that are generated without a client that waits for them.
final class BackgroundResponses: Sendable {
    private struct Work {
        let task: Task<Void, Never>
        let cancel: @Sendable () -> Void
    }

    private let running = Mutex<[String: Work]>([:])

    func isRunning(_ id: String) -> Bool { running.withLock { $0[id] != nil } }

    func start(
        _ id: String, cancel: @escaping @Sendable () -> Void,
        _ body: @escaping @Sendable () async -> Void
    ) {
        running.withLock { running in
            // The task ends its entry only after this lock.
            let task = Task {
                await body()
                self.running.withLock { $0[id] = nil }
            }
            running[id] = Work(task: task, cancel: cancel)
        }
    }

    /// Ends one, and returns when it has ended.
    ///
    /// - Returns: false where there was none.
    func cancel(_ id: String) async -> Bool {
        guard let work = running.withLock({ $0[id] }) else { return false }
        work.cancel()
        await work.task.value
        return true
    }
}
