import Dispatch
import Synchronization

/// A place in a script of the fake model where its lane stops until the test lets it go on.
final class Gatekeeper: Sendable {
    private struct State {
        var isReached = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let release = DispatchSemaphore(value: 0)

    /// On the lane: tells the test, and blocks.
    func stop() {
        let waiter = state.withLock { state in
            state.isReached = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
        release.wait()
    }

    /// In the test: returns once the lane has come here.
    func reached() async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if !state.isReached { state.waiter = continuation }
                return state.isReached
            }
            if isReached { continuation.resume() }
        }
    }

    /// In the test: lets the lane go on.
    func pass() {
        release.signal()
    }
}
