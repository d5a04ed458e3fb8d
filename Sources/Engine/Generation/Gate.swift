import Synchronization

/// Lets tasks wait, for a limited time, until something has happened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var arrivals = 0
    }

    private let state = Mutex(State())

    /// Lets all pass, now and later.
    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the gate opens, or after `limit`.
    func wait(atMost limit: Duration) async {
        var timer: Task<Void, any Error>?
        await withCheckedContinuation { continuation in
            let id = state.withLock { state -> Int? in
                guard !state.isOpen else { return nil }
                state.arrivals += 1
                state.waiters[state.arrivals] = continuation
                return state.arrivals
            }
            guard let id else { return continuation.resume() }
            timer = Task {
                try await Task.sleep(for: limit)
                giveUp(id)
            }
        }
        timer?.cancel()
    }

    private func giveUp(_ id: Int) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
}
