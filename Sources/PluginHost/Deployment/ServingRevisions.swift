import Synchronization

/// Which revision of each model of a host serves, for whoever follows it.
package final class ServingRevisions: Sendable {
    /// By the names of models, without those of which none serves. No number comes twice, even for a model
    /// that was removed and added again.
    package typealias Snapshot = [String: Int]

    fileprivate struct State {
        var snapshot: Snapshot = [:]
        var lastNumber = 0
        var followers: [Int: AsyncStream<Snapshot>.Continuation] = [:]
        var lastFollower = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// The snapshot of the moment, at once, and then after every change the newest: who was busy meanwhile
    /// gets one for all that happened. The stream ends when its reader is cancelled.
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

    /// - Returns: the number of what serves from now on.
    func begin(_ model: String) -> Int {
        state.withLock { state in
            state.lastNumber += 1
            state.snapshot[model] = state.lastNumber
            state.tell()
            return state.lastNumber
        }
    }

    /// Nothing serves any more, unless that was begun anew.
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
