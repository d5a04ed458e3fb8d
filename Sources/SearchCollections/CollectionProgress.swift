import Synchronization

/// The progress of building a collection.
package struct CollectionProgress: Sendable, Equatable {
    package enum Stage: String, Sendable {
        case reading
        case embedding
        case indexing
        case ready
        case failed
    }

    package var name: String
    package var stage: Stage
    package var rows: Int
    package var embedded: Int
    package var of: Int
    package var refused: Int
    package var error: String?

    package init(
        name: String, stage: Stage, rows: Int, embedded: Int, of: Int, refused: Int,
        error: String? = nil
    ) {
        self.name = name
        self.stage = stage
        self.rows = rows
        self.embedded = embedded
        self.of = of
        self.refused = refused
        self.error = error
    }
}

/// Notifies all watchers. A slow watcher misses steps, but never the last one.
final class ProgressHub: Sendable {
    private struct State {
        var watchers: [Int: AsyncStream<CollectionProgress>.Continuation] = [:]
        var next = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    /// The steps from now on, until the collection is closed.
    /// - Parameter now: reads the current state. It is called within the lock, so that no watcher
    ///   misses a change between this reading and its first notification, or sees two readings in
    ///   the wrong order.
    func watch(_ now: () -> CollectionProgress) -> AsyncStream<CollectionProgress> {
        let (stream, continuation) = AsyncStream<CollectionProgress>.makeStream(
            bufferingPolicy: .bufferingNewest(8))
        let id = state.withLock { state -> Int? in
            continuation.yield(now())
            guard !state.isFinished else { return nil }
            state.next += 1
            state.watchers[state.next] = continuation
            return state.next
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.watchers[id] = nil }
        }
        return stream
    }

    func send(_ now: () -> CollectionProgress) {
        state.withLock { state in
            guard !state.watchers.isEmpty else { return }
            let progress = now()
            for watcher in state.watchers.values { watcher.yield(progress) }
        }
    }

    func finish() {
        let watchers = state.withLock { state in
            state.isFinished = true
            defer { state.watchers = [:] }
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.finish() }
    }
}
