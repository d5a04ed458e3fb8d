import Synchronization

/// A name that clients ask for, and the revision that answers to it.
///
/// Loads, unloads and reloads of one deployment happen one after the other, in the order in which
/// they were requested, except that a newer operation supersedes a start in progress. Requests
/// never wait for them.
package final class Deployment<Serving: RevisionServing>: Sendable {
    fileprivate struct State {
        var current: Revision<Serving>?
        var retiring: [Revision<Serving>] = []
        var lastNumber = 0
        /// What `revisions` calls the current one.
        var announced = 0
        /// The start in progress.
        var starting: StartControl?
        /// The starts that were requested and have not ended, the oldest first.
        var asked: [StartControl] = []
        var isStopped = false
        var failure: (error: DeploymentError, at: MonotonicTime)?
        /// The last requested operation.
        var tail: Task<Void, Never>?
    }

    package let name: String
    package let spec: ModelSpec
    private let options: PluginHostOptions
    private let revisions: ServingRevisions
    private let starter: @Sendable () -> RevisionStart<Serving>
    private let state = Mutex(State())

    /// - Parameters:
    ///   - revisions: where it tells which revision serves.
    ///   - starter: called again for each revision, so that it sees the current plugins.
    init(
        spec: ModelSpec, options: PluginHostOptions, revisions: ServingRevisions,
        starter: @escaping @Sendable () -> RevisionStart<Serving>
    ) {
        name = spec.name
        self.spec = spec
        self.options = options
        self.revisions = revisions
        self.starter = starter
    }

    /// Loads the model if it is not loaded.
    ///
    /// - Throws: `DeploymentError`.
    package func load() async throws {
        try await loading { [self] start in
            if state.withLock({ $0.current != nil }) { return }
            _ = try await replace(start)
        }
    }

    /// Stops serving, lets the work in progress end for at most `limit`, and closes the model.
    ///
    /// - Parameter wish: the operation that this is part of.
    package func unload(within limit: Duration? = nil, for wish: Wish = .unload) async throws {
        try await inTurn(wish) { [self] _ in
            let old = state.withLock { state in
                state.failure = nil
                defer { revisions.end(name, state.announced) }
                return state.retireCurrent()
            }
            if let old { await retire(old, within: limit ?? options.drainTimeout) }
        }
    }

    /// Ends the start in progress, for example when the host stops.
    package func endStart() {
        for start in state.withLock({ $0.asked }) { start.supersede(by: .stop) }
    }

    /// Unloads the model for good, and ends replaced revisions that still work; all within `limit`,
    /// plus a few seconds if something hangs.
    package func stop(within limit: Duration) async {
        let end = MonotonicTime.now + limit
        state.withLock { state in
            state.isStopped = true
            _ = state.retireCurrent()
            revisions.end(name, state.announced)
        }
        endStart()
        await withTaskGroup { group in
            for revision in state.withLock({ $0.retiring }) {
                group.addTask { await self.retire(revision, within: max(.zero, end - .now)) }
            }
        }
    }

    /// Brings up a new revision beside the current one and lets it take over.
    ///
    /// - Parameter expecting: the revision that the caller means to replace.
    /// - Returns: the new revision's number.
    /// - Throws: `DeploymentError`; the current revision then keeps serving.
    package func reload(expecting: Int? = nil) async throws -> Int {
        let check = { @Sendable [name] (state: borrowing State) throws in
            let found = state.current?.number
            if let expecting, found != expecting {
                throw DeploymentError.conflict(model: name, expected: expecting, found: found)
            }
        }
        return try await inTurn(.reload, unless: check) { [self] start in
            try state.withLock { try check($0) }
            return try await replace(start)
        }
    }

    /// Leases the current revision.
    package func acquire() throws -> Lease<Serving> {
        try state.withLock { state in
            if let current = state.current { return Lease(current) }
            throw DeploymentError.notLoaded(model: name, reason: state.failure?.error.description)
        }
    }

    /// Leases the current revision, loading a model that is loaded on first use.
    package func acquireLoading() async throws -> Lease<Serving> {
        if let lease = try? acquire() { return lease }
        guard spec.load == .firstUse else { return try acquire() }
        do {
            try await loading { [self] start in
                let (loaded, failure) = state.withLock { ($0.current != nil, $0.failure) }
                if loaded { return }
                if let failure, .now - failure.at < options.loadCooldown { throw failure.error }
                _ = try await replace(start)
            }
        } catch let error as DeploymentError {
            guard case .superseded = error else { throw error }
            throw DeploymentError.notLoaded(model: name, reason: error.description)
        }
        return try acquire()
    }
}

// MARK: - Operations

extension Deployment {
    /// Runs an operation after all earlier ones; their starts, which it makes useless, are ended.
    ///
    /// - Parameter check: whether it is allowed at all; a refusal here ends no start.
    private func inTurn<Value: Sendable>(
        _ wish: Wish, unless check: (borrowing State) throws -> Void = { _ in },
        _ operation: @escaping @Sendable (StartControl) async throws -> Value
    ) async throws -> Value {
        let start = StartControl()
        let (task, older) = try state.withLock {
            state throws -> (Task<Value, any Error>, [StartControl]) in
            try check(state)
            let before = state.tail
            let task = Task {
                await before?.value
                defer { self.state.withLock { $0.asked.removeAll { $0 === start } } }
                return try await operation(start)
            }
            state.tail = Task { _ = await task.result }
            defer { state.asked.append(start) }
            return (task, wish.supersedesStarts ? state.asked : [])
        }
        for start in older { start.supersede(by: wish) }
        return try await task.value
    }

    /// Runs an operation that needs the model loaded, no matter by whom: a reload that supersedes
    /// it will do.
    private func loading(
        _ operation: @escaping @Sendable (StartControl) async throws -> Void
    ) async throws {
        while true {
            do {
                return try await inTurn(.load, operation)
            } catch DeploymentError.superseded(_, by: .reload) {
                // Behind the reload.
            }
        }
    }

    private func replace(_ start: StartControl) async throws -> Int {
        let (number, isStopped) = state.withLock { state in
            state.lastNumber += 1
            state.starting = start
            return (state.lastNumber, state.isStopped)
        }
        defer { state.withLock { if $0.starting === start { $0.starting = nil } } }
        if isStopped { throw DeploymentError.stopping }
        do {
            if let newer = start.newer { throw Superseded(by: newer) }
            let new = try await starter().bringUp(number, start)
            if let old = try await install(new) {
                Task { await retire(old, within: options.drainTimeout) }
            }
            return number
        } catch {
            throw note(DeploymentError(error, model: name, during: .start))
        }
    }

    /// Lets a revision take over, unless something newer was requested since its start began.
    ///
    /// - Returns: the one before.
    private func install(_ new: Revision<Serving>) async throws -> Revision<Serving>? {
        do {
            return try state.withLock { state in
                if state.isStopped { throw DeploymentError.stopping }
                try new.start.finish()
                state.failure = nil
                let old = state.retireCurrent()
                state.current = new
                state.announced = revisions.begin(name)
                return old
            }
        } catch {
            await new.retire(within: .zero)
            throw error
        }
    }

    private func note(_ failure: DeploymentError) -> DeploymentError {
        if case .superseded = failure {
            options.log(LogLine(level: .info, source: name, text: failure.description))
            return failure
        }
        let failure = state.withLock { state in
            let failure = failure.keeping(state.current?.number)
            state.failure = (failure, .now)
            return failure
        }
        options.log(LogLine(level: .error, source: name, text: failure.description))
        return failure
    }

    private func retire(_ revision: Revision<Serving>, within limit: Duration) async {
        await revision.retire(within: limit)
        state.withLock { state in state.retiring.removeAll { $0 === revision } }
    }
}

extension Deployment.State {
    /// - Returns: the revision that serves no longer.
    fileprivate mutating func retireCurrent() -> Revision<Serving>? {
        guard let old = current else { return nil }
        current = nil
        retiring.append(old)
        return old
    }
}

// MARK: - Status

/// The state of a deployment, for admin routes.
package struct DeploymentStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case unloaded, loading, ready, reloading, failed
        /// It keeps failing and is not restarted for a while.
        case quarantined
    }

    package var name: String
    package var source: String
    package var load: ModelSpec.Load
    package var state: State
    package var revision: Int?
    /// The plugin of the current revision, else the one that the settings name.
    package var plugin: String?
    package var isolation: Isolation?
    /// The content hash of the library of the current revision.
    package var hash: String?
    package var inFlight: Int
    /// Revisions that were replaced and are not closed yet.
    package var draining: Int
    package var description: ModelDescription?
    package var supervisor: SupervisorStatus?
    package var lastError: String?
    /// Warnings about the current revision: possible harm in its library, faults of its model that
    /// do not keep it from serving, and notes about how it started.
    package var warnings: [String] = []
    /// The workers of a start in progress.
    package var starting: [StartingWorker] = []
}

extension Deployment {
    package var status: DeploymentStatus {
        let (current, retiring, starting, failure) = state.withLock {
            ($0.current, $0.retiring, $0.starting, $0.failure)
        }
        let supervisor = current?.supervisor.status
        return DeploymentStatus(
            name: name, source: spec.source, load: spec.load,
            state: Self.describe(supervisor, starts: starting != nil, failed: failure != nil),
            revision: current?.number, plugin: current?.plugin.spec.name ?? spec.plugin,
            isolation: current?.plugin.spec.isolation, hash: current?.plugin.library.hash,
            inFlight: ((current.map { [$0] } ?? []) + retiring).reduce(0) { $0 + $1.leases.count },
            draining: retiring.count, description: current?.description, supervisor: supervisor,
            lastError: failure?.error.description, warnings: current?.allWarnings ?? [],
            starting: (starting ?? current?.start)?.workers ?? [])
    }

    private static func describe(
        _ current: SupervisorStatus?, starts: Bool, failed: Bool
    ) -> DeploymentStatus.State {
        switch (current?.state, starts) {
        case (.quarantined, _): .quarantined
        case (.some, true): .reloading
        case (.some, false): .ready
        case (nil, true): .loading
        case (nil, false): failed ? .failed : .unloaded
        }
    }
}
