import PluginHost
import Synchronization

/// Carries the events of a request from the lane's thread to one consumer, without ever blocking the
/// former.
///
/// A consumer that is behind gets the latest of several steps only, and all previews and pictures.
final class ImageChannel: Sendable {
    private typealias Waiter = CheckedContinuation<ImageEvent?, any Error>

    private struct State {
        var events: [ImageEvent] = []
        var end: Result<ImageEvent?, any Error>?
        var waiter: Waiter?
    }

    private let state = Mutex(State())
    private let cancellation = Atomic(false)
    /// Wakes the lane: the request was cancelled.
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    var isCancelled: Bool { cancellation.load(ordering: .acquiring) }
}

// MARK: - The lane's side

extension ImageChannel {
    func send(_ event: ImageEvent) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.end == nil else { return nil }
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            if case .step = event, case .step = state.events.last { state.events.removeLast() }
            state.events.append(event)
            return nil
        }
        waiter?.resume(returning: event)
    }

    func finish() {
        end(with: .success(nil))
    }

    func fail(_ error: any Error) {
        end(with: .failure(error))
    }

    /// The first end counts; it comes after the events that are left.
    private func end(with end: Result<ImageEvent?, any Error>) {
        let waiter = state.withLock { state -> Waiter? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: end)
    }
}

// MARK: - The consumer's side

extension ImageChannel {
    func cancel() {
        guard !cancellation.exchange(true, ordering: .acquiringAndReleasing) else { return }
        fail(CancellationError())
        wake()
    }

    func next() async throws -> ImageEvent? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if let ready = take(orWait: continuation) { continuation.resume(with: ready) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// What to hand out now, or nil with `continuation` kept for later.
    private func take(orWait continuation: Waiter) -> Result<ImageEvent?, any Error>? {
        state.withLock { state in
            if !state.events.isEmpty { return .success(state.events.removeFirst()) }
            if let end = state.end {
                state.end = .success(nil)
                return end
            }
            state.waiter = continuation
            return nil
        }
    }
}
