import Synchronization

/// An answer on its way from the lane's thread to the one task that waits for it.
final class Reply<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiter: CheckedContinuation<Value, any Error>?
    }

    private let state = Mutex(State())
    private let cancellation = Atomic(false)

    var isCancelled: Bool { cancellation.load(ordering: .acquiring) }

    /// The first result counts.
    func settle(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard state.result == nil else { return nil }
            state.result = result
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: result)
    }

    /// - Parameter onCancel: called when the waiting task is cancelled; it is told at once.
    func value(onCancel: @escaping @Sendable () -> Void) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    if state.result == nil { state.waiter = continuation }
                    return state.result
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            cancellation.store(true, ordering: .releasing)
            settle(.failure(CancellationError()))
            onCancel()
        }
    }
}
