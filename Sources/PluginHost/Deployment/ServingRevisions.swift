import Synchronization

/// Which revision of each model of a host serves, as a stream for followers.
package final class ServingRevisions: Sendable {
    /// By the names of models that serve. No number is used twice, even for a model that was
    /// removed and added again.
    package typealias Snapshot = [String: Int]

    fileprivate struct State {
        var snapshot: Snapshot = [:]
        var lastNumber = 0
        var followers: [Int: AsyncStream<Snapshot>.Continuation] = [:]
        var lastFollower = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The current snapshot at once, then the newest after every change: a slow reader gets one for
    /// several changes. The stream ends when its reader is cancelled.
    package var snapshots: AsyncStream<Snapshot> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let id = state.withLock { state in
                state.lastFollower += 1
                state.followers[state.lastFollower] = continuation
                continuation.yield(state.snapshot)
                return state.lastFollower
            }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { $0.followers[id] = nil }
            }
        }
    }

    /// - Returns: the number of the revision that serves from now on.
    func begin(_ model: String) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.snapshot[model] = state.lastNumber
            state.tell()
            return state.lastNumber
        }
    }

    /// Nothing serves now, unless another revision has taken over.
    func end(_ model: String, _ number: Int) {
        state.withLock { state in
            guard state.snapshot[model] == number else { return }
            state.snapshot[model] = nil
            state.tell()
        }
    }
}

extension ServingRevisions.State {
    /// In the order of the changes, hence within the lock.
    fileprivate func tell() {
        for follower in followers.values { follower.yield(snapshot) }
    }
}
