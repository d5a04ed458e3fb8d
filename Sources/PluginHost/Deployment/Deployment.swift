import Synchronization

/// A name that clients ask for, and the generation that answers to it.
///
/// Loads, unloads and reloads of one deployment happen one after the other, in the order in which
/// they were asked for; requests never wait for them.
package final class Deployment: Sendable {
    private struct State {
        var current: Generation?
        var retiring: [Generation] = []
        var lastNumber = 0
        var working = false
        var failure: (error: DeploymentError, at: MonotonicTime)?
        /// The last operation that was asked for.
        var tail: Task<Void, Never>?
    }

    package let name: String
    package let spec: ModelSpec
    private let options: PluginHostOptions
    private let starter: @Sendable () -> GenerationStart
    private let state = Mutex(State())

    /// - Parameter starter: asked anew for each generation, so that it sees the plugins of the moment.
    init(
        spec: ModelSpec, options: PluginHostOptions,
        starter: @escaping @Sendable () -> GenerationStart
    ) {
        name = spec.name
        self.spec = spec
        self.options = options
        self.starter = starter
    }

    /// Loads the model if it is not.
    package func load() async throws {
        try await inTurn { [self] in
            if state.withLock({ $0.current != nil }) { return }
            _ = try await replace()
        }
    }

    /// Stops serving, lets the work in progress end for at most `limit`, and closes the model.
    package func unload(within limit: Duration? = nil) async throws {
        try await inTurn { [self] in
            let old = state.withLock { state -> Generation? in
                defer { state.current = nil }
                if let old = state.current { state.retiring.append(old) }
                state.failure = nil
                return state.current
            }
            if let old { await retire(old, within: limit ?? options.drainTimeout) }
        }
    }

    /// Unloads the model, and ends the generations that were replaced before and still work; all within
    /// `limit`.
    package func stop(within limit: Duration) async {
        let end = MonotonicTime.now + limit
        async let replaced: Void = retireReplaced(by: end)
        try? await unload(within: limit)
        await replaced
        // A reload that was under way has replaced one more.
        await retireReplaced(by: end)
    }

    private func retireReplaced(by end: MonotonicTime) async {
        await withTaskGroup { group in
            for generation in state.withLock({ $0.retiring }) {
                group.addTask { await self.retire(generation, within: max(.zero, end - .now)) }
            }
        }
    }

    /// Brings up a new generation beside the current one and lets it take over.
    ///
    /// - Parameter expecting: the generation that the caller means to replace.
    /// - Returns: the new generation's number.
    /// - Throws: `DeploymentError`; the current generation then goes on serving.
    package func reload(expecting: Int? = nil) async throws -> Int {
        try await inTurn { [self] in
            let found = state.withLock { $0.current?.number }
            if let expecting, found != expecting {
                throw DeploymentError.conflict(model: name, expected: expecting, found: found)
            }
            return try await replace()
        }
    }

    /// Pins the generation of the moment.
    package func acquire() throws -> Lease {
        try state.withLock { state in
            if let current = state.current { return Lease(current) }
            throw DeploymentError.notLoaded(model: name, reason: state.failure?.error.description)
        }
    }

    /// Pins the generation of the moment, and loads a model that is loaded on first use.
    package func acquireLoading() async throws -> Lease {
        if let lease = try? acquire() { return lease }
        guard spec.load == .firstUse else { return try acquire() }
        try await inTurn { [self] in
            let (loaded, failure) = state.withLock { ($0.current != nil, $0.failure) }
            if loaded { return }
            if let failure, .now - failure.at < options.loadCooldown { throw failure.error }
            _ = try await replace()
        }
        return try acquire()
    }
}

// MARK: - Operations

extension Deployment {
    /// Runs an operation after all that were asked for before it.
    private func inTurn<Value: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = state.withLock { state -> Task<Value, any Error> in
            let before = state.tail
            let task = Task {
                await before?.value
                self.state.withLock { $0.working = true }
                defer { self.state.withLock { $0.working = false } }
                return try await operation()
            }
            state.tail = Task { _ = await task.result }
            return task
        }
        return try await task.value
    }

    private func replace() async throws -> Int {
        let number = state.withLock { state -> Int in
            state.lastNumber += 1
            return state.lastNumber
        }
        do {
            let new = try await starter().bringUp(number)
            let old = state.withLock { state -> Generation? in
                defer { state.current = new }
                if let old = state.current { state.retiring.append(old) }
                state.failure = nil
                return state.current
            }
            if let old { Task { await retire(old, within: options.drainTimeout) } }
            return number
        } catch {
            let failure = state.withLock { state in
                let failure = DeploymentError(error, model: name, during: .start)
                    .keeping(state.current?.number)
                state.failure = (failure, .now)
                return failure
            }
            options.log(LogLine(level: .error, source: name, text: failure.description))
            throw failure
        }
    }

    private func retire(_ generation: Generation, within limit: Duration) async {
        await generation.retire(within: limit)
        state.withLock { state in state.retiring.removeAll { $0 === generation } }
    }
}

// MARK: - Status

/// How a deployment is doing, for admin routes.
package struct DeploymentStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case unloaded, loading, ready, reloading, failed
    }

    package var name: String
    package var source: String
    package var load: ModelSpec.Load
    package var state: State
    package var generation: Int?
    /// The plugin of the current generation, else the one that the settings name.
    package var plugin: String?
    package var isolation: Isolation?
    /// The content hash of the library of the current generation.
    package var hash: String?
    package var inFlight: Int
    /// Generations that were replaced and are not closed yet.
    package var draining: Int
    package var description: ModelDescription?
    package var supervisor: SupervisorStatus?
    package var lastError: String?
    /// What was found in the library of the current generation that may do harm, and what is wrong with its
    /// model without keeping it from serving.
    package var warnings: [String] = []
}

extension Deployment {
    package var status: DeploymentStatus {
        let (current, retiring, working, failure) = state.withLock {
            ($0.current, $0.retiring, $0.working, $0.failure)
        }
        return DeploymentStatus(
            name: name, source: spec.source, load: spec.load,
            state: Self.describe(current, working: working, failed: failure != nil),
            generation: current?.number, plugin: current?.plugin.spec.name ?? spec.plugin,
            isolation: current?.plugin.spec.isolation, hash: current?.plugin.library.hash,
            inFlight: ((current.map { [$0] } ?? []) + retiring).reduce(0) { $0 + $1.pins.count },
            draining: retiring.count, description: current?.description,
            supervisor: current?.supervisor.status, lastError: failure?.error.description,
            warnings: current.map {
                $0.plugin.warnings.map(String.init(describing:)) + $0.warnings
            } ?? [])
    }

    private static func describe(
        _ current: Generation?, working: Bool, failed: Bool
    ) -> DeploymentStatus.State {
        switch (current != nil, working) {
        case (true, true): .reloading
        case (true, false): .ready
        case (false, true): .loading
        case (false, false): failed ? .failed : .unloaded
        }
    }
}
