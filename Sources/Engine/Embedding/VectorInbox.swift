import PluginHost

/// What clients and a vector lane share: new jobs, the wish to end, and the account of both.
final class VectorInbox: Sendable {
    enum Phase {
        case open, draining, stopped
    }

    /// A call of the model, and the jobs that it serves.
    struct Call {
        let model: any LoadedModel
        let jobs: [any LaneJob]
    }

    private struct State {
        var phase = Phase.open
        var arrivals: [any LaneJob] = []
        /// Jobs that have not ended.
        var open: [ObjectIdentifier: any LaneJob] = [:]
        /// Texts of the open jobs, and tokens that they came with.
        var texts = 0
        var tokens: [ObjectIdentifier: Int] = [:]
        /// The call of the model that is under way.
        var call: Call?
        /// Something has changed that the lane should look at.
        var isRung = false
        var statistics = VectorStatistics()
        /// A moving average.
        var tokensPerSecond = 1000.0
    }

    private let state = Monitor(State())
    private let options: VectorEngineOptions
    /// Opens when the engine is drained, and when the lane's thread has ended.
    private let drained = Gate()
    private let ended = Gate()

    init(_ options: VectorEngineOptions) {
        self.options = options
    }

    var statistics: VectorStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.open = state.open.count
            return statistics
        }
    }

    func record(_ change: (inout VectorStatistics) -> Void) {
        state.withLock { change(&$0.statistics) }
    }

    /// Makes the lane look for cancelled and paused jobs. A call that serves nobody any more is asked to
    /// stop.
    func ring() {
        let pointless = state.withLock { state in
            state.isRung = true
            return state.call.flatMap { $0.jobs.allSatisfy(\.isCancelled) ? $0.model : nil }
        }
        pointless?.requestCancel()
    }
}

// MARK: - The clients' side

extension VectorInbox {
    func submit(_ job: some LaneJob) throws(EngineError) {
        let refusal = state.withLock { state -> EngineError? in
            if let refusal = self.refusal(of: job.texts, state) {
                state.statistics.refused += 1
                return refusal
            }
            state.arrivals.append(job)
            state.open[ObjectIdentifier(job)] = job
            state.texts += job.texts
            state.tokens[ObjectIdentifier(job)] = job.remaining
            state.statistics.accepted += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Counts a request that needs no step.
    func answeredAtOnce() throws(EngineError) {
        let refusal = state.withLock { state -> EngineError? in
            switch state.phase {
            case .stopped: return .stopped
            case .draining: return .draining
            case .open:
                state.statistics.accepted += 1
                state.statistics.finished += 1
                state.statistics.requestTime.observe(.zero)
                return nil
            }
        }
        if let refusal { throw refusal }
    }

    private func refusal(of texts: Int, _ state: State) -> EngineError? {
        switch state.phase {
        case .stopped: return .stopped
        case .draining: return .draining
        case .open: break
        }
        let isFull = state.open.count >= options.queueLimit
        let isLong = !state.open.isEmpty && state.texts + texts > options.textLimit
        guard isFull || isLong else { return nil }
        let tokens = Double(state.tokens.values.reduce(0, +))
        let seconds = min(max(tokens / state.tokensPerSecond, 1), 60)
        return .overloaded(queued: state.open.count, retryAfter: .seconds(seconds))
    }

    /// Takes no new jobs and returns when those that are left have ended, or after `limit`.
    func drain(upTo limit: Duration) async {
        let isEmpty = state.withLock { state in
            if state.phase == .open { state.phase = .draining }
            return state.open.isEmpty
        }
        if isEmpty { drained.open() }
        await drained.wait(atMost: limit)
    }

    /// Ends every job and lets the lane's thread go.
    func stop() {
        let (jobs, model) = state.withLock { state in
            state.phase = .stopped
            state.arrivals = []
            state.statistics.failed += state.open.count
            defer { (state.open, state.tokens, state.texts) = ([:], [:], 0) }
            return (Array(state.open.values), state.call?.model)
        }
        for job in jobs { job.fail(EngineError.stopped) }
        model?.requestCancel()
        drained.open()
    }

    /// Returns when the lane calls the model no more, or after `limit`.
    func waitForEnd(atMost limit: Duration) async {
        await ended.wait(atMost: limit)
    }
}

// MARK: - The lane's side

extension VectorInbox {
    /// The new jobs; nil when the engine is stopped.
    func collect(after rest: Inbox.Rest) -> [any LaneJob]? {
        switch rest {
        case .none:
            return state.withLock(take)
        case .untilRung(let deadline):
            let limit = deadline.map { max(.zero, $0 - .now) }
            let woken = state.wait(atMost: limit) { state -> [any LaneJob]?? in
                let isAwake = state.isRung || !state.arrivals.isEmpty || state.phase == .stopped
                return isAwake ? .some(take(&state)) : nil
            }
            return woken ?? []
        }
    }

    private func take(_ state: inout State) -> [any LaneJob]? {
        guard state.phase != .stopped else { return nil }
        state.isRung = false
        defer { state.arrivals = [] }
        return state.arrivals
    }

    /// Says which call is under way and for whom, so that it can be interrupted.
    func begin(_ call: Call) {
        state.withLock { state in
            state.call = call
            for job in call.jobs where !job.hasBegun {
                job.hasBegun = true
                state.statistics.queueTime.observe(.now - job.submitted)
            }
        }
    }

    /// - Parameter tokens: how many the call computed.
    func endCall(
        tokens: Int, in time: Duration, _ change: (inout VectorStatistics) -> Void = { _ in }
    ) {
        state.withLock { state in
            state.call = nil
            if tokens > 0, time > .zero {
                let rate = Double(tokens) / time.inSeconds
                state.tokensPerSecond += (rate - state.tokensPerSecond) / 8
            }
            state.statistics.stepTime.observe(time)
            change(&state.statistics)
        }
    }

    /// Strikes a job off; it is answered after this.
    func leave(_ job: any LaneJob, _ change: (inout VectorStatistics) -> Void) {
        let isDrained = state.withLock { state in
            guard state.open.removeValue(forKey: ObjectIdentifier(job)) != nil else { return false }
            state.texts -= job.texts
            state.tokens[ObjectIdentifier(job)] = nil
            state.statistics.requestTime.observe(.now - job.submitted)
            change(&state.statistics)
            return state.phase == .draining && state.open.isEmpty
        }
        if isDrained { drained.open() }
    }

    func laneEnded() {
        ended.open()
    }
}
