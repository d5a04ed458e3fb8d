import PluginHost

/// What clients and the lane share: new requests, the wish to end, and the account of both.
final class Inbox: Sendable {
    enum Phase {
        case open, draining, stopped
    }

    private struct State {
        var phase = Phase.open
        var arrivals: [Generation] = []
        /// The channels of requests that have not ended.
        var open: [ObjectIdentifier: EventChannel] = [:]
        /// Something has changed that the lane should look at.
        var isRung = false
        var statistics = EngineStatistics()
        /// Seconds that a request takes, a moving average.
        var typicalDuration = 1.0
    }

    private let state = Monitor(State())
    private let options: EngineOptions
    /// Opens when the engine is drained, and when the lane's thread has ended.
    private let drained = Gate()
    private let ended = Gate()

    init(_ options: EngineOptions) {
        self.options = options
    }

    var statistics: EngineStatistics { state.withLock { $0.statistics } }

    func record(_ change: (inout EngineStatistics) -> Void) {
        state.withLock { change(&$0.statistics) }
    }

    /// Makes the lane look for cancelled and paused requests.
    func ring() {
        state.withLock { $0.isRung = true }
    }
}

// MARK: - The clients' side

extension Inbox {
    func submit(_ generation: Generation) throws(EngineError) {
        let refusal = state.withLock { state -> EngineError? in
            if let refusal = self.refusal(state) {
                state.statistics.refused += 1
                return refusal
            }
            state.arrivals.append(generation)
            state.open[ObjectIdentifier(generation.channel)] = generation.channel
            state.statistics.accepted += 1
            state.statistics.waiting += 1
            state.statistics.promptTokens += generation.request.prompt.count
            return nil
        }
        if let refusal { throw refusal }
    }

    private func refusal(_ state: State) -> EngineError? {
        switch state.phase {
        case .stopped: return .stopped
        case .draining: return .draining
        case .open: break
        }
        let queued = state.open.count - options.parallel
        guard queued >= options.queueLimit else { return nil }
        let rounds = Double(queued + 1) / Double(options.parallel)
        let seconds = min(max(rounds * state.typicalDuration, 1), 60)
        return .overloaded(queued: queued, retryAfter: .seconds(seconds))
    }

    /// Takes no new requests and returns when those that are left have ended, or after `limit`.
    func drain(upTo limit: Duration) async {
        let isEmpty = state.withLock { state in
            if state.phase == .open { state.phase = .draining }
            return state.open.isEmpty
        }
        if isEmpty { drained.open() }
        await drained.wait(atMost: limit)
    }

    /// Ends every request and lets the lane's thread go.
    func stop() {
        let channels = state.withLock { state in
            state.phase = .stopped
            state.arrivals = []
            state.statistics.failed += state.open.count
            state.statistics.running = 0
            state.statistics.waiting = 0
            defer { state.open = [:] }
            return state.open.values.map { $0 }
        }
        for channel in channels { channel.fail(EngineError.stopped) }
        drained.open()
    }

    /// Returns when the lane calls the model no more, or after `limit`.
    func waitForEnd(atMost limit: Duration) async {
        await ended.wait(atMost: limit)
    }
}

// MARK: - The lane's side

extension Inbox {
    /// What the lane does until there is something to do.
    enum Rest {
        case none
        case untilRung(or: MonotonicTime?)
    }

    /// The new requests; nil when the engine is stopped.
    func collect(after rest: Rest) -> [Generation]? {
        switch rest {
        case .none:
            return state.withLock(take)
        case .untilRung(let deadline):
            let limit = deadline.map { max(.zero, $0 - .now) }
            let woken = state.wait(atMost: limit) { state -> [Generation]?? in
                let isAwake = state.isRung || !state.arrivals.isEmpty || state.phase == .stopped
                return isAwake ? .some(take(&state)) : nil
            }
            return woken ?? []
        }
    }

    private func take(_ state: inout State) -> [Generation]? {
        guard state.phase != .stopped else { return nil }
        state.isRung = false
        defer { state.arrivals = [] }
        return state.arrivals
    }

    /// Strikes a request off; its channel is ended after this.
    func leave(_ generation: Generation, _ change: (inout EngineStatistics) -> Void) {
        let isDrained = state.withLock { state in
            let key = ObjectIdentifier(generation.channel)
            guard state.open.removeValue(forKey: key) != nil else { return false }
            change(&state.statistics)
            let seconds = (MonotonicTime.now - generation.submitted).inSeconds
            state.typicalDuration += (seconds - state.typicalDuration) / 8
            return state.phase == .draining && state.open.isEmpty
        }
        if isDrained { drained.open() }
    }

    func laneEnded() {
        ended.open()
    }
}
