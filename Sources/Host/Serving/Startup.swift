import Synchronization

/// Which models are still loading at the start, for requests that would rather wait than be
/// refused.
///
/// All are listed from the beginning, so that nobody can ask too early.
package final class Startup: Sendable {
    private struct State {
        var loading: Set<String>
        var waiting: [Int: Waiter] = [:]
        var next = 0
    }

    private struct Waiter {
        /// Nil to wait for all.
        let name: String?
        let end: AsyncStream<Never>.Continuation

        func waits(for loading: Set<String>) -> Bool {
            name.map(loading.contains) ?? !loading.isEmpty
        }
    }

    private let state: Mutex<State>

    package init(loading names: [String]) {
        state = Mutex(State(loading: Set(names)))
    }

    /// Notes that a model is up, or that it failed.
    package func ended(_ name: String) {
        let ended = state.withLock { state in
            state.loading.remove(name)
            let ended = state.waiting.filter { !$0.value.waits(for: state.loading) }
            for id in ended.keys { state.waiting[id] = nil }
            return ended.values.map(\.end)
        }
        for end in ended { end.finish() }
    }

    /// Returns when a model is up or has failed; at once for one that is not loaded at the start.
    ///
    /// - Parameter name: nil to wait for all models.
    /// - Throws: `CancellationError`.
    package func wait(for name: String?) async throws {
        let (stream, end) = AsyncStream<Never>.makeStream()
        let waiter = Waiter(name: name, end: end)
        let id = state.withLock { state -> Int? in
            guard waiter.waits(for: state.loading) else { return nil }
            state.next += 1
            state.waiting[state.next] = waiter
            return state.next
        }
        guard let id else { return }
        for await _ in stream {}
        state.withLock { _ = $0.waiting.removeValue(forKey: id) }
        try Task.checkCancellation()
    }
}
