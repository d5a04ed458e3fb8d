import Synchronization

/// What is asked of a model.
package enum Wish: String, Sendable {
    case load, reload, unload, removal, stop

    /// Whether an earlier start has become useless.
    var supersedesStarts: Bool { self != .load }
}

/// A start superseded by a newer operation.
struct Superseded: Error {
    let by: Wish
}

/// The starts of one revision's model, so that one in progress can be ended: its workers are
/// killed, and those who wait for it are told at once.
package final class StartControl: Sendable {
    /// A starting worker.
    struct Worker: Sendable {
        /// The plugin's name.
        let plugin: String
        let since: MonotonicTime
        /// It does not end with the start.
        let isShared: Bool
        fileprivate weak let process: WorkerProcess?
    }

    private struct State {
        var newer: Wish?
        /// The revision serves: newer operations replace it instead.
        var isDone = false
        var isClosed = false
        /// Nested calls of `starting` in progress.
        var depth = 0
        var workers: [Worker] = []
        var handlers: [@Sendable (Wish) -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// What superseded this start.
    var newer: Wish? { state.withLock { $0.newer } }

    /// Ends the start if it is in progress.
    func supersede(by wish: Wish) {
        let ended = state.withLock { state -> State? in
            guard !state.isDone, state.newer == nil else { return nil }
            state.newer = wish
            defer { state.handlers = [] }
            return state
        }
        guard let ended else { return }
        Self.kill(ended.workers, "the start was superseded: \(wish.rawValue)")
        for handler in ended.handlers { handler(wish) }
    }

    /// The revision takes over: from here on nothing supersedes its start.
    func finish() throws {
        try state.withLock { state in
            if let newer = state.newer { throw Superseded(by: newer) }
            state.isDone = true
            state.handlers = []
        }
    }

    /// Ends what is starting now and lets nothing start again.
    func close() {
        let workers = state.withLock { state in
            state.isClosed = true
            return state.workers
        }
        Self.kill(workers, "the model is stopped")
    }

    private static func kill(_ workers: [Worker], _ reason: String) {
        for worker in workers where !worker.isShared {
            worker.process?.startKilling { _ in .unavailable(reason: reason, retryAfter: nil) }
        }
    }
}

// MARK: - Who starts

extension StartControl {
    /// Starts something; workers passed to `add` meanwhile are killed with the start.
    func starting<Value>(_ body: () throws -> Value) throws -> Value {
        state.withLock { $0.depth += 1 }
        defer {
            state.withLock { state in
                state.depth -= 1
                if state.depth == 0 { state.workers = [] }
            }
        }
        return try body()
    }

    /// Makes a worker one that goes when the start is to end.
    ///
    /// - Throws: `Superseded`, `ModelFailure.unavailable`: it is to end already.
    func add(_ process: WorkerProcess, of plugin: String) throws {
        try state.withLock { state in
            if let newer = state.newer { throw Superseded(by: newer) }
            if state.isClosed {
                throw ModelFailure.unavailable(reason: "the model is stopped", retryAfter: nil)
            }
            state.workers.append(
                Worker(plugin: plugin, since: .now, isShared: false, process: process))
        }
    }

    /// Shows a worker as starting that does not end with the start: others use it too.
    func show(_ process: WorkerProcess, of plugin: String) {
        state.withLock { state in
            guard !state.workers.contains(where: { $0.process === process }) else { return }
            state.workers.append(
                Worker(plugin: plugin, since: .now, isShared: true, process: process))
        }
    }

    /// Calls `handler` once if the start is superseded.
    func onSuperseded(_ handler: @escaping @Sendable (Wish) -> Void) {
        let newer = state.withLock { state -> Wish? in
            if state.newer == nil, !state.isDone { state.handlers.append(handler) }
            return state.newer
        }
        if let newer { handler(newer) }
    }

    /// Runs `body` and awaits its result, or that the start is superseded: a plugin that hangs
    /// inside this process blocks its thread, but nobody who waits.
    ///
    /// - Parameter discard: gets a result of `body` that comes too late.
    func run<Value: Sendable>(
        on pool: BlockingPool, _ body: @escaping @Sendable () throws -> Value,
        discarding discard: @escaping @Sendable (Value) -> Void
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let reply = FirstReply(continuation)
            onSuperseded { _ = reply.give(.failure(Superseded(by: $0))) }
            pool.start {
                let result = Result { try body() }
                if !reply.give(result), case .success(let value) = result { discard(value) }
            }
        }
    }
}

/// A continuation that several may want to resume.
private final class FirstReply<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation = Mutex(continuation)
    }

    /// - Returns: whether it was the first.
    func give(_ result: Result<Value, any Error>) -> Bool {
        let continuation = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        continuation?.resume(with: result)
        return continuation != nil
    }
}

// MARK: - Status

/// A starting worker, for admin routes.
package struct StartingWorker: Sendable, Equatable {
    package var processID: Int32
    /// The plugin's name.
    package var plugin: String
    /// Where in the plugin it is.
    package var step: String
    package var opening: OpeningProgress?
    package var elapsed: Duration
}

extension StartControl {
    var workers: [StartingWorker] {
        state.withLock { $0.workers }.compactMap { worker in
            guard let process = worker.process, process.end == nil else { return nil }
            return StartingWorker(
                processID: process.processID, plugin: worker.plugin, step: process.step.name,
                opening: process.opening, elapsed: .now - worker.since)
        }
    }
}
