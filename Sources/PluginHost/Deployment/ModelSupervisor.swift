/// Keeps one generation's model alive: starts it, restarts it with growing pauses after a failure,
/// and leaves a crash loop alone for a while.
package final class ModelSupervisor: Sendable {
    private enum State {
        case idle
        case running(any LoadedModel, since: MonotonicTime)
        case restarting
        case quarantined(until: MonotonicTime, reason: String)
        case stopped
    }

    private struct Supervision {
        var state = State.idle
        var history: RestartHistory
        var restarts = 0
        var lastFailure: String?
        /// What the worker that died last had written.
        var lastOutput: String?
    }

    package let name: String
    /// Held from a lane call of the model until its rows have been read, so that several engines can use
    /// one model.
    package let lane = TurnLock()
    private let supervision: Monitor<Supervision>
    private let now: @Sendable () -> MonotonicTime
    private let events: @Sendable (SupervisorEvent) -> Void
    private let launch: @Sendable () throws -> any LoadedModel

    /// - Parameters:
    ///   - now: the clock by which failures are counted.
    ///   - events: told of every change, from any thread; must not call back.
    ///   - launch: brings the model up; blocks.
    package init(
        name: String, policy: RestartPolicy = RestartPolicy(),
        now: @escaping @Sendable () -> MonotonicTime = { .now },
        events: @escaping @Sendable (SupervisorEvent) -> Void = { _ in },
        launch: @escaping @Sendable () throws -> any LoadedModel
    ) {
        self.name = name
        self.now = now
        self.events = events
        self.launch = launch
        supervision = Monitor(Supervision(history: RestartHistory(policy: policy)))
    }

    deinit {
        stop()
    }

    /// The model to call, started if it has not been; blocks while a restart is under way.
    ///
    /// - Throws: what the first start failed with, and `.unavailable` in quarantine or after `stop`.
    package func current() throws -> any LoadedModel {
        let running = try supervision.wait { [now] supervision -> (any LoadedModel)?? in
            switch supervision.state {
            case .running(let model, _): return .some(model)
            case .restarting: return nil
            case .idle:
                supervision.state = .restarting
                return .some(nil)
            case .stopped:
                throw ModelFailure.unavailable(reason: "the model is stopped", retryAfter: nil)
            case .quarantined(let until, let reason):
                guard now() >= until else {
                    throw ModelFailure.unavailable(reason: reason, retryAfter: until - now())
                }
                supervision.state = .restarting
                return .some(nil)
            }
        }
        if let model = running ?? nil { return model }
        return try firstStart()
    }

    /// Ends a model whose call failed fatally, and starts another. A model that is no longer the
    /// current one is left alone, so that every holder of it may call this.
    package func discard(_ model: any LoadedModel, because failure: ModelFailure) {
        let lived = supervision.withLock { [now] supervision -> Duration? in
            guard case .running(let running, let since) = supervision.state, running === model
            else {
                return nil
            }
            supervision.state = .restarting
            return now() - since
        }
        guard let lived else { return }
        if case .crashed(let death) = failure {
            supervision.withLock { $0.lastOutput = death.stderr }
        }
        events(.failed(failure))
        BlockingThread.start("roost-restart") { [self] in
            model.close()
            restart(after: failure, lived: lived)
        }
    }

    /// Closes the model for good. Idempotent.
    package func stop() {
        let model = supervision.withLock { supervision -> (any LoadedModel)? in
            defer { supervision.state = .stopped }
            if case .running(let model, _) = supervision.state { return model }
            return nil
        }
        model?.close()
    }

    package var status: SupervisorStatus {
        supervision.withLock { [now] supervision in
            SupervisorStatus(
                state: describe(supervision.state, at: now()), restarts: supervision.restarts,
                lastFailure: supervision.lastFailure, lastOutput: supervision.lastOutput)
        }
    }
}

// MARK: - Starting

extension ModelSupervisor {
    /// Starts for a caller who wants to know why it fails; a later call may try again.
    private func firstStart() throws -> any LoadedModel {
        do {
            let model = try launch()
            try adopt(model)
            return model
        } catch {
            supervision.withLock { supervision in
                supervision.lastFailure = String(describing: error)
                if case .restarting = supervision.state { supervision.state = .idle }
            }
            throw error
        }
    }

    private func adopt(_ model: any LoadedModel) throws {
        let adopted = supervision.withLock { [now] supervision -> Bool in
            guard case .restarting = supervision.state else { return false }
            supervision.state = .running(model, since: now())
            return true
        }
        guard adopted else {
            model.close()
            throw ModelFailure.unavailable(reason: "the model is stopped", retryAfter: nil)
        }
        events(.started(processID: model.processID))
        model.onDeath { [weak self, weak model] failure in
            guard let model else { return }
            self?.discard(model, because: failure)
        }
        model.onRefusal { [weak self] failure in
            self?.supervision.withLock { $0.lastFailure = failure.description }
        }
    }

    private func restart(after first: ModelFailure, lived: Duration) {
        var failure = String(describing: first)
        var lived = lived
        while let delay = pause(after: failure, lived: lived) {
            events(.restarting(after: delay))
            guard sleep(delay) else { return }
            do {
                let model = try launch()
                supervision.withLock { $0.restarts += 1 }
                return try adopt(model)
            } catch {
                failure = String(describing: error)
                lived = .zero
            }
        }
    }

    /// How long to wait before the next start; nil when there is none.
    private func pause(after failure: String, lived: Duration) -> Duration? {
        let (verdict, stopped) = supervision.withLock { [now] supervision in
            let verdict = supervision.history.recordFailure(at: now(), lived: lived)
            supervision.lastFailure = failure
            guard case .restarting = supervision.state else { return (verdict, true) }
            if case .quarantine(let until) = verdict {
                let reason =
                    "the model keeps failing and rests for a while; it last failed because \(failure)"
                supervision.state = .quarantined(until: until, reason: reason)
            }
            return (verdict, false)
        }
        if stopped { return nil }
        switch verdict {
        case .restart(let delay): return delay
        case .quarantine(let until):
            events(.quarantined(retryAfter: until - now(), reason: failure))
            return nil
        }
    }

    /// - Returns: false when the supervisor was stopped meanwhile.
    private func sleep(_ delay: Duration) -> Bool {
        let stopped = supervision.wait(atMost: delay) { supervision -> Bool? in
            if case .restarting = supervision.state { return nil }
            return true
        }
        return stopped == nil
    }

    private func describe(_ state: State, at now: MonotonicTime) -> SupervisorStatus.State {
        switch state {
        case .idle: .idle
        case .running(let model, _): .running(processID: model.processID)
        case .restarting: .restarting
        case .quarantined(let until, let reason):
            .quarantined(retryAfter: until - now, reason: reason)
        case .stopped: .stopped
        }
    }
}
