import JSON
import PluginHost
import Synchronization

/// Carries a task's events from the lane's thread to one consumer, without ever blocking the former.
final class TaskChannel: Sendable {
    private typealias Waiter = CheckedContinuation<JSONValue?, any Error>

    private struct State {
        /// In reverse, so that the next one is at the end.
        var events: [JSONValue] = []
        var end: Result<JSONValue?, any Error>?
        var pausedSince: MonotonicTime?
        var waiter: Waiter?
    }

    private let state = Mutex(State())
    private let cancellation = Atomic(false)
    private let limit: Int
    /// Wakes the lane: the task was cancelled, or its backlog is gone.
    private let wake: @Sendable () -> Void

    init(limit: Int, wake: @escaping @Sendable () -> Void) {
        self.limit = max(1, limit)
        self.wake = wake
    }

    var isCancelled: Bool { cancellation.load(ordering: .acquiring) }

    /// Since when the consumer is so far behind that the task should pause.
    var pausedSince: MonotonicTime? { state.withLock { $0.pausedSince } }
}

// MARK: - The lane's side

extension TaskChannel {
    func send(_ events: [JSONValue]) {
        guard let first = events.first else { return }
        let waiter = state.withLock { state -> Waiter? in
            guard state.end == nil else { return nil }
            let waiter = state.waiter
            state.waiter = nil
            let kept = waiter == nil ? events[...] : events.dropFirst()
            state.events = kept.reversed() + state.events
            if state.events.count >= limit { state.pausedSince = state.pausedSince ?? .now }
            return waiter
        }
        waiter?.resume(returning: first)
    }

    func finish() {
        end(with: .success(nil))
    }

    func fail(_ error: any Error) {
        end(with: .failure(error))
    }

    /// The first end counts; it comes after the events that are left.
    private func end(with end: Result<JSONValue?, any Error>) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.end == nil else { return nil }
            state.end = end
            state.pausedSince = nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: end)
    }
}

// MARK: - The consumer's side

extension TaskChannel {
    /// - Parameter engine: kept alive as long as somebody may read.
    func stream(keeping engine: VectorEngine) -> AsyncThrowingStream<JSONValue, any Error> {
        let subscription = Subscription(self, engine)
        return AsyncThrowingStream { try await subscription.channel.next() }
    }

    func cancel() {
        guard !cancellation.exchange(true, ordering: .acquiringAndReleasing) else { return }
        fail(CancellationError())
        wake()
    }

    private func next() async throws -> JSONValue? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (ready, resumes) = take(orWait: continuation)
                if let ready { continuation.resume(with: ready) }
                if resumes { wake() }
            }
        } onCancel: {
            cancel()
        }
    }

    /// What to hand out now, or nil with `continuation` kept for later; and whether a task that paused
    /// may go on, which it does when half of its backlog is gone.
    private func take(
        orWait continuation: Waiter
    ) -> (Result<JSONValue?, any Error>?, resumes: Bool) {
        state.withLock { state in
            if let event = state.events.popLast() {
                let resumes = state.pausedSince != nil && state.events.count <= limit / 2
                if resumes { state.pausedSince = nil }
                return (.success(event), resumes)
            }
            if let end = state.end {
                state.end = .success(nil)
                return (end, false)
            }
            state.waiter = continuation
            return (nil, false)
        }
    }

    /// Cancels the task when nobody can read its events any more.
    private final class Subscription: Sendable {
        let channel: TaskChannel
        private let engine: VectorEngine

        init(_ channel: TaskChannel, _ engine: VectorEngine) {
            self.channel = channel
            self.engine = engine
        }

        deinit {
            channel.cancel()
        }
    }
}
