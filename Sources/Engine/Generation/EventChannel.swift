import Synchronization

/// Carries events from the scheduler's thread to one consumer, without ever blocking the former.
///
/// Text that the consumer has not fetched yet is joined to one event, so that a slow consumer costs
/// no more than its text.
final class EventChannel: Sendable {
    fileprivate struct State {
        var text = ""
        var tokens: [TokenLogProb] = []
        var hasText = false
        /// Tokens in `text`, counted also where they carry no log probability.
        var backlog = 0
        var end: Result<GenerationEvent, any Error>?
        var delivered = false
        var waiter: CheckedContinuation<GenerationEvent?, any Error>?
    }

    private let state = Mutex(State())
    private let cancellation = Atomic(false)
    private let limit: Int
    /// Wakes the scheduler: the request was cancelled, or its backlog is gone.
    private let wake: @Sendable () -> Void

    init(limit: Int, wake: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.wake = wake
    }

    var isCancelled: Bool { cancellation.load(ordering: .acquiring) }

    /// Whether the consumer is so far behind that its sequence should pause.
    var isFull: Bool { state.withLock { $0.backlog >= limit } }
}

// MARK: - The scheduler's side

extension EventChannel {
    /// Adds text that came from `count` tokens.
    func send(_ text: String, tokens: [TokenLogProb], count: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<GenerationEvent?, any Error>? in
            guard state.end == nil else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.text += text
            state.tokens += tokens
            state.backlog += count
            state.hasText = true
            return nil
        }
        waiter?.resume(returning: .text(text, tokens: tokens))
    }

    func finish(_ reason: FinishReason, _ usage: Usage) {
        end(with: .success(.finished(reason, usage)))
    }

    func fail(_ error: any Error) {
        end(with: .failure(error))
    }

    /// The first end counts.
    private func end(with end: Result<GenerationEvent, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<GenerationEvent?, any Error>? in
            guard state.end == nil else { return nil }
            state.end = end
            guard let waiter = state.waiter else { return nil }
            state.waiter = nil
            state.delivered = true
            return waiter
        }
        waiter?.resume(with: end.map { $0 })
    }
}

// MARK: - The consumer's side

extension EventChannel {
    func cancel() {
        guard !cancellation.exchange(true, ordering: .acquiringAndReleasing) else { return }
        fail(CancellationError())
        wake()
    }

    func next() async throws -> GenerationEvent? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (ready, drained) = state.withLock {
                    $0.take(orWait: continuation, limit: limit)
                }
                if let ready { continuation.resume(with: ready) }
                if drained { wake() }
            }
        } onCancel: {
            cancel()
        }
    }
}

extension EventChannel.State {
    /// What to hand out now, or nil with `continuation` kept for later; and whether the sequence that
    /// was paused may go on.
    fileprivate mutating func take(
        orWait continuation: CheckedContinuation<GenerationEvent?, any Error>, limit: Int
    ) -> (Result<GenerationEvent?, any Error>?, drained: Bool) {
        precondition(waiter == nil, "a generation stream has one consumer")
        if hasText {
            let event = GenerationEvent.text(text, tokens: tokens)
            let wasFull = backlog >= limit
            (text, tokens, hasText, backlog) = ("", [], false, 0)
            return (.success(event), wasFull)
        }
        if delivered { return (.success(nil), false) }
        if let end {
            delivered = true
            return (end.map { $0 }, false)
        }
        waiter = continuation
        return (nil, false)
    }
}
