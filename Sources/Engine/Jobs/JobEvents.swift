package import PluginHost
import Synchronization

/// An event of a job.
package protocol JobEvent: Sendable {
    /// Merges the next event into this one, if a slow reader need not get both.
    ///
    /// - Returns: whether it did.
    mutating func join(_ next: Self) -> Bool
}

extension JobEvent {
    package mutating func join(_ next: Self) -> Bool { false }
}

/// The events of a job, an asynchronous sequence for one reader.
///
/// Dropping the sequence and its iterator, or cancelling the task that reads it, ends the job
/// before its next step. Errors are `EngineError`, `ModelFailure.refused` for what an image model
/// does not accept, or `CancellationError` for a cancelled reader.
package final class JobEvents<Event: JobEvent>: AsyncSequence, Sendable {
    private let channel: JobChannel<Event>
    private let engine: any AnyObject & Sendable

    /// - Parameter engine: kept alive as long as somebody may read.
    package init(_ channel: JobChannel<Event>, of engine: any AnyObject & Sendable) {
        self.channel = channel
        self.engine = engine
    }

    deinit {
        cancel()
    }

    /// Ends the job.
    package func cancel() {
        channel.cancel()
    }

    /// Ends the job at its next step as if it had come to its end by itself.
    package func conclude() {
        channel.conclude()
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(events: self)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let events: JobEvents

        package mutating func next() async throws -> Event? {
            try await events.channel.next()
        }
    }
}

/// Carries the events of a job from the loop's thread to its one reader, without blocking the loop.
package final class JobChannel<Event: JobEvent>: Sendable {
    private typealias Reader = CheckedContinuation<Event?, any Error>

    private struct State {
        var backlog = Backlog<Event>()
        var pausedSince: MonotonicTime?
        /// The end after the backlog: a last event, nothing, or an error.
        var end: Result<Event?, any Error>?
        var reader: Reader?
    }

    private let state = Mutex(State())
    private let cancellation = Atomic(false)
    private let conclusion = Atomic(false)
    private let limit: Int
    private let stallLimit: Duration
    /// Wakes the loop: the job was cancelled, or its backlog is read.
    private let wake: @Sendable () -> Void

    package init<Job>(_ options: EngineOptions, to queue: JobQueue<Job>) {
        limit = max(1, options.backlog)
        stallLimit = options.stallLimit
        wake = { [weak queue] in queue?.ring() }
    }

    package var isCancelled: Bool { cancellation.load(ordering: .acquiring) }

    /// Whether the reader needs no more than there is.
    package var isConcluded: Bool { conclusion.load(ordering: .acquiring) }

    /// Whether the reader is so far behind that the job should pause.
    package var isFull: Bool { state.withLock { $0.pausedSince != nil } }

    /// When a reader that far behind will have been idle for too long.
    package var stall: MonotonicTime? { state.withLock { $0.pausedSince }.map { $0 + stallLimit } }
}

// MARK: - The loop's side

extension JobChannel {
    /// - Parameter count: how much it adds to the reader's backlog.
    package func send(_ event: Event, count: Int = 1) {
        let reader = state.withLock { state -> Reader? in
            guard state.end == nil else { return nil }
            if let reader = state.reader.take() { return reader }
            state.backlog.add(event, count: count)
            if state.backlog.count >= limit { state.pausedSince = state.pausedSince ?? .now }
            return nil
        }
        reader?.resume(returning: event)
    }

    /// - Parameter last: an event that comes after those that were sent.
    package func finish(_ last: Event? = nil) {
        end(with: .success(last))
    }

    package func fail(_ error: any Error) {
        end(with: .failure(error))
    }

    /// The first end counts.
    private func end(with end: Result<Event?, any Error>) {
        let reader = state.withLock { state -> Reader? in
            guard state.end == nil else { return nil }
            state.pausedSince = nil
            guard let reader = state.reader.take() else {
                state.end = end
                return nil
            }
            state.end = .success(nil)
            return reader
        }
        reader?.resume(with: end)
    }
}

// MARK: - The reader's side

extension JobChannel {
    package func cancel() {
        guard !cancellation.exchange(true, ordering: .acquiringAndReleasing) else { return }
        fail(CancellationError())
        wake()
    }

    package func conclude() {
        conclusion.store(true, ordering: .releasing)
    }

    package func next() async throws -> Event? {
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

    /// The one event of a job that has one.
    func single() async throws -> Event {
        guard let event = try await next() else {
            preconditionFailure("a job ends with its answer or an error")
        }
        return event
    }

    /// What to deliver now, or nil with `continuation` kept for later; and whether a paused job may
    /// continue, which it does when half of its backlog is read.
    private func take(orWait continuation: Reader) -> (Result<Event?, any Error>?, resumes: Bool) {
        state.withLock { state in
            precondition(state.reader == nil, "the events of a job have one reader")
            if let event = state.backlog.next() {
                let resumes = state.pausedSince != nil && state.backlog.count <= limit / 2
                if resumes { state.pausedSince = nil }
                return (.success(event), resumes)
            }
            if let end = state.end {
                state.end = .success(nil)
                return (end, false)
            }
            state.reader = continuation
            return (nil, false)
        }
    }
}

/// What was sent and not read, the oldest first.
private struct Backlog<Event: JobEvent> {
    private var events: [(event: Event, count: Int)?] = []
    /// Where the oldest stands.
    private var head = 0
    private(set) var count = 0

    mutating func add(_ event: Event, count: Int) {
        self.count += count
        if let last = events.indices.last, events[last]?.event.join(event) == true {
            events[last]?.count += count
        } else {
            events.append((event, count))
        }
    }

    mutating func next() -> Event? {
        guard head < events.count, let (event, count) = events[head].take() else { return nil }
        self.count -= count
        head += 1
        if head > events.count / 2 {
            events.removeFirst(head)
            head = 0
        }
        return event
    }
}
