/// Keeps one revision's model alive: starts it, restarts it with growing pauses after a failure,
/// and quarantines it in a crash loop.
package final class ModelSupervisor: Sendable {
    /// The number of a start. Whoever performs one continues only as long as the state names it.
    fileprivate typealias Start = Int

    fileprivate enum State {
        case idle
        case running(any LoadedModel, since: MonotonicTime)
        case restarting(Start)
        /// The start belongs to whoever waits for the end of the quarantine.
        case quarantined(Start, until: MonotonicTime, reason: String)
        case stopped
    }

    /// What a caller who wants the model does.
    private enum Turn {
        case use(any LoadedModel)
        case start(Start)
    }

    /// A discarded model, until its failure is in the history.
    fileprivate struct Loss {
        let model: ObjectIdentifier
        let time: MonotonicTime
        var isBlamed = false
        var isRecorded = false
    }

    /// A quarantine that is due although the model is up again, or starting.
    fileprivate struct Rest {
        let start: Start
        let model: (any LoadedModel)?
        let until: MonotonicTime
    }

    fileprivate struct Supervision {
        var state = State.idle
        var history: RestartHistory
        var loss: Loss?
        var blamed = BlamedRequests()
        /// What every model needs before anybody calls it.
        var preparation: (@Sendable (any LoadedModel) throws -> Void)?
        var restarts = 0
        private var starts: Start = 0
        var lastFailure: String?
        /// The output of the worker that died last.
        var lastOutput: String?

        init(history: RestartHistory) {
            self.history = history
        }

        /// - Returns: a start that supersedes all others.
        mutating func nextStart() -> Start {
            starts += 1
            return starts
        }
    }

    package let name: String
    /// Whose turn it is to use the model: held from a lane call until its rows have been read, so that
    /// several engines can share one model.
    package let turn = TurnLock()
    /// Held while a text is tokenized outside the lane: exclusively by a text that may have crashed
    /// the model.
    package let tokenization = SharedLock()
    private let supervision: Monitor<Supervision>
    private let now: @Sendable () -> MonotonicTime
    private let events: @Sendable (SupervisorEvent) -> Void
    private let policy: RestartPolicy
    private let abort: @Sendable () -> Void
    private let launch: @Sendable () throws -> any LoadedModel

    /// - Parameters:
    ///   - now: the clock by which failures are counted.
    ///   - events: receives every change, from any thread; must not call back.
    ///   - abort: makes a `launch` in progress, and all later ones, fail soon.
    ///   - launch: starts the model; blocks.
    package init(
        name: String, policy: RestartPolicy = RestartPolicy(),
        now: @escaping @Sendable () -> MonotonicTime = { .now },
        events: @escaping @Sendable (SupervisorEvent) -> Void = { _ in },
        abort: @escaping @Sendable () -> Void = {},
        launch: @escaping @Sendable () throws -> any LoadedModel
    ) {
        self.name = name
        self.policy = policy
        self.now = now
        self.events = events
        self.abort = abort
        self.launch = launch
        supervision = Monitor(Supervision(history: RestartHistory(policy: policy)))
    }

    deinit {
        stop()
    }

    /// The model to call, started if necessary; blocks while a restart is in progress.
    ///
    /// - Throws: the error of the first start, and `.unavailable` in quarantine or after `stop`.
    package func current() throws -> any LoadedModel {
        let turn = try supervision.wait { [now] supervision -> Turn? in
            switch supervision.state {
            case .running(let model, _): return .use(model)
            case .restarting: return nil
            case .idle:
                let start = supervision.nextStart()
                supervision.state = .restarting(start)
                return .start(start)
            case .stopped:
                throw ModelFailure.unavailable(reason: "the model is stopped", retryAfter: nil)
            case .quarantined(_, let until, let reason):
                guard now() >= until else {
                    throw ModelFailure.unavailable(reason: reason, retryAfter: until - now())
                }
                let start = supervision.nextStart()
                supervision.endRest(with: start)
                return .start(start)
            }
        }
        switch turn {
        case .use(let model): return model
        case .start(let start): return try carryOut(start)
        case nil: throw ModelFailure.unavailable(reason: "the model is stopped", retryAfter: nil)
        }
    }

    /// Has every model prepared before anybody gets it: the current one now, each later one as a part of
    /// its start. Blocks.
    ///
    /// - Parameter preparation: may be asked about one model more than once.
    /// - Throws: what it throws for the current model, or the error of that model's start.
    package func prepare(
        with preparation: @escaping @Sendable (any LoadedModel) throws -> Void
    ) throws {
        supervision.withLock { $0.preparation = preparation }
        try preparation(current())
    }

    /// Ends a model whose call failed fatally, and starts another. A model that is no longer
    /// current is ignored, so that every holder of it may call this.
    ///
    /// - Parameter blame: the request to blame instead of the model. It is refused for a while, and
    ///   the failures it took part in do not count.
    package func discard(
        _ model: any LoadedModel, because failure: ModelFailure, blaming blame: Blame? = nil
    ) {
        let (loss, rest) = supervision.withLock { [now] supervision in
            let loss = supervision.lose(model, at: now())
            let rest = blame.flatMap { blame in
                supervision.blamed.add(blame.fingerprint, until: now() + policy.refusal)
                return supervision.blame(
                    since: blame.since, for: model, because: String(describing: failure), at: now())
            }
            return (loss, rest)
        }
        if let rest { begin(rest, because: failure) }
        guard let loss else { return }
        if case .crashed(let death) = failure {
            supervision.withLock { $0.lastOutput = death.stderr }
        }
        events(.failed(failure))
        close(model) { [self] in restart(loss.start, after: failure, lived: loss.lived) }
    }

    /// How much longer a request that crashed the model is refused; nil for other requests.
    ///
    /// - Parameter fingerprint: of the request; computed only where there are such requests.
    package func refusal(of fingerprint: () -> Int) -> Duration? {
        let mayRefuse = supervision.withLock { !$0.blamed.isEmpty }
        guard mayRefuse else { return nil }
        let fingerprint = fingerprint()
        return supervision.withLock { [now] in $0.blamed.refusal(of: fingerprint, at: now()) }
    }

    /// Closes the model for good, also one that is starting. Idempotent.
    package func stop() {
        let model = supervision.withLock { supervision -> (any LoadedModel)? in
            defer { supervision.state = .stopped }
            if case .running(let model, _) = supervision.state { return model }
            return nil
        }
        abort()
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
    private func carryOut(_ start: Start) throws -> any LoadedModel {
        do {
            let model = try launchPrepared()
            try adopt(model, of: start)
            return model
        } catch {
            supervision.withLock { supervision in
                guard case .restarting(start) = supervision.state else { return }
                supervision.lastFailure = String(describing: error)
                supervision.state = .idle
            }
            throw error
        }
    }

    private func launchPrepared() throws -> any LoadedModel {
        let model = try launch()
        do {
            try supervision.withLock { $0.preparation }?(model)
            return model
        } catch {
            model.close()
            throw error
        }
    }

    private func adopt(_ model: any LoadedModel, of start: Start) throws {
        let refusal = supervision.withLock { [now] supervision in
            supervision.adopt(model, of: start, at: now())
        }
        if let refusal {
            model.close()
            throw refusal
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

    private func restart(_ start: Start, after failure: ModelFailure, lived: Duration) {
        if goesOn(start, after: String(describing: failure), lived: lived) {
            launchUntilItServes(start)
        }
    }

    private func launchUntilItServes(_ start: Start) {
        while true {
            do {
                let model = try launchPrepared()
                supervision.withLock { $0.restarts += 1 }
                return try adopt(model, of: start)
            } catch {
                guard goesOn(start, after: String(describing: error), lived: .zero) else { return }
            }
        }
    }

    /// Begins a quarantine that turned out to be due only after the model was starting again.
    private func begin(_ rest: Rest, because failure: ModelFailure) {
        let delay = rest.until - now()
        events(.quarantined(retryAfter: delay, reason: String(describing: failure)))
        close(rest.model) { [self] in
            if self.rest(delay, before: rest.start) { launchUntilItServes(rest.start) }
        }
    }

    /// Closes a model on a thread of its own, which then runs `body`. That may take long, and must
    /// not retain what is left of a dead model.
    private func close(
        _ model: (any LoadedModel)?, then body: @escaping @Sendable () -> Void
    ) {
        let dead = Monitor<(any LoadedModel)?>(model)
        BlockingThread.start("roost-restart") {
            dead.withLock { model in
                defer { model = nil }
                return model
            }?.close()
            body()
        }
    }

    /// Waits as long as the history of failures requires.
    ///
    /// - Returns: false if nothing is to be started: the supervisor was stopped, or somebody else
    ///   starts or quarantines the model.
    private func goesOn(_ start: Start, after failure: String, lived: Duration) -> Bool {
        let verdict = supervision.withLock { [now] supervision -> RestartHistory.Verdict? in
            guard case .restarting(start) = supervision.state else { return nil }
            let verdict = supervision.record(at: now(), lived: lived)
            supervision.lastFailure = failure
            if case .quarantine(let until) = verdict {
                supervision.rest(before: start, until: until, because: failure)
            }
            return verdict
        }
        switch verdict {
        case nil: return false
        case .restart(let delay):
            events(.restarting(after: delay))
            return sleep(delay, before: start)
        case .quarantine(let until):
            let delay = until - now()
            events(.quarantined(retryAfter: delay, reason: failure))
            return rest(delay, before: start)
        }
    }

    /// - Returns: false when the supervisor was stopped meanwhile, or the model rests.
    private func sleep(_ delay: Duration, before start: Start) -> Bool {
        let stopped = supervision.wait(atMost: delay) { supervision -> Bool? in
            if case .restarting(start) = supervision.state { return nil }
            return true
        }
        return stopped == nil
    }

    /// Waits until the quarantine is over, so that a recovered model serves again even if nobody
    /// asks for it: a load balancer that only sends requests to healthy models never would.
    ///
    /// - Returns: false when the supervisor was stopped, or somebody who asked starts the model.
    private func rest(_ delay: Duration, before start: Start) -> Bool {
        let isAwake = supervision.wait(atMost: delay) { supervision -> Bool? in
            switch supervision.state {
            case .quarantined(start, _, _): nil
            case .restarting(start): true
            default: false
            }
        }
        if let isAwake { return isAwake }
        return supervision.withLock { supervision in
            guard case .quarantined(start, _, _) = supervision.state else { return false }
            supervision.endRest(with: start)
            return true
        }
    }

    private func describe(_ state: State, at now: MonotonicTime) -> SupervisorStatus.State {
        switch state {
        case .idle: .idle
        case .running(let model, _): .running(processID: model.processID)
        case .restarting: .restarting
        case .quarantined(_, let until, let reason):
            .quarantined(retryAfter: until - now, reason: reason)
        case .stopped: .stopped
        }
    }
}

// MARK: - Failures

extension ModelSupervisor.Supervision {
    /// Records that a model is discarded.
    ///
    /// - Returns: the start of the next, and how long it lived; nil when it is not the current one.
    fileprivate mutating func lose(_ model: any LoadedModel, at now: MonotonicTime)
        -> (start: ModelSupervisor.Start, lived: Duration)?
    {
        guard case .running(let running, let since) = state, running === model else { return nil }
        let start = nextStart()
        state = .restarting(start)
        loss = ModelSupervisor.Loss(model: ObjectIdentifier(model), time: now)
        return (start, now - since)
    }

    /// - Returns: why a model that has just started is not wanted.
    fileprivate mutating func adopt(
        _ model: any LoadedModel, of start: ModelSupervisor.Start, at now: MonotonicTime
    ) -> ModelFailure? {
        switch state {
        case .restarting(start):
            state = .running(model, since: now)
            return nil
        case .quarantined(_, let until, let reason):
            return .unavailable(reason: reason, retryAfter: until - now)
        case .idle, .restarting, .running:
            return .unavailable(reason: "another start of the model came first", retryAfter: .zero)
        case .stopped:
            return .unavailable(reason: "the model is stopped", retryAfter: nil)
        }
    }

    fileprivate mutating func rest(
        before start: ModelSupervisor.Start, until end: MonotonicTime, because failure: String
    ) {
        let reason =
            "the model keeps failing and rests for a while; it last failed because \(failure)"
        state = .quarantined(start, until: end, reason: reason)
    }

    fileprivate mutating func endRest(with start: ModelSupervisor.Start) {
        history.beginAnew()
        state = .restarting(start)
    }

    /// The failures since a moment, including the loss of this model, were a request's fault.
    /// Whoever noticed the loss first may have discarded the model already: then its failure is
    /// counted, and its consequence may have to change.
    ///
    /// - Returns: the quarantine that begins with this.
    fileprivate mutating func blame(
        since moment: MonotonicTime, for model: any LoadedModel, because failure: String,
        at now: MonotonicTime
    ) -> ModelSupervisor.Rest? {
        guard let loss, loss.model == ObjectIdentifier(model), !loss.isBlamed else {
            history.forgive(moment...max(moment, now))
            return nil
        }
        history.forgive(moment...max(moment, loss.time))
        self.loss?.isBlamed = true
        guard loss.isRecorded else { return nil }
        switch (history.recordBlamedFailure(at: loss.time), state) {
        case (.restart, .quarantined(let start, _, _)):
            state = .restarting(start)
        case (.quarantine(let end), .running(let next, _)):
            return rest(next, until: end, because: failure)
        case (.quarantine(let end), .restarting):
            return rest(nil, until: end, because: failure)
        default: break
        }
        return nil
    }

    /// Begins a quarantine, in which the model is closed.
    private mutating func rest(
        _ model: (any LoadedModel)?, until end: MonotonicTime, because failure: String
    ) -> ModelSupervisor.Rest {
        let start = nextStart()
        rest(before: start, until: end, because: failure)
        return ModelSupervisor.Rest(start: start, model: model, until: end)
    }

    /// Counts a failure: of a start, or of the model that was lost last.
    fileprivate mutating func record(
        at now: MonotonicTime, lived: Duration
    ) -> RestartHistory.Verdict {
        guard let loss, !loss.isRecorded else {
            return history.recordFailure(at: now, lived: lived)
        }
        self.loss?.isRecorded = true
        return loss.isBlamed
            ? history.recordBlamedFailure(at: loss.time)
            : history.recordFailure(at: loss.time, lived: lived)
    }
}
