import Synchronization

/// Counts the users of something, and reports when there are none.
package final class InFlightCount: Sendable {
    private struct State {
        var count = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var count: Int { state.withLock { $0.count } }

    package func add() {
        state.withLock { $0.count += 1 }
    }

    package func remove() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiting.removeAll() }
            return Array(state.waiting.values)
        }
        waiting.forEach { $0.resume() }
    }

    /// Returns when the count is zero, or after `limit`.
    package func waitForZero(atMost limit: Duration) async {
        var timer: Task<Void, any Error>?
        await withCheckedContinuation { continuation in
            let waiter = state.withLock { state -> Int? in
                guard state.count > 0, limit > .zero else { return nil }
                state.nextWaiter += 1
                state.waiting[state.nextWaiter] = continuation
                return state.nextWaiter
            }
            guard let waiter else { return continuation.resume() }
            // Not before there is something for it to wake.
            timer = Task {
                try await Task.sleep(for: limit)
                giveUp(waiter)
            }
        }
        timer?.cancel()
    }

    private func giveUp(_ waiter: Int) {
        state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume()
    }
}
