import PluginHost

/// What clients and the lane share: new requests, the wish to end, and the account of both.
final class Inbox: Sendable {
    enum Phase {
        case open, draining, stopped
    }

    /// A call of the model, and the requests that it serves.
    struct Call {
        let model: any LoadedModel
        let channels: [EventChannel]
    }

    private struct State {
        var phase = Phase.open
        var arrivals: [Generation] = []
        /// The channels of requests that have not ended.
        var open: [ObjectIdentifier: EventChannel] = [:]
        /// The call of the model that is under way.
        var call: Call?
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

    /// Makes the lane look for cancelled and paused requests. A call that serves nobody any more is
    /// asked to stop.
    func ring() {
        let pointless = state.withLock { state in
            state.isRung = true
            return state.call.flatMap { $0.channels.allSatisfy(\.isCancelled) ? $0.model : nil }
        }
        pointless?.requestCancel()
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
            state.statistics.promptTokens += generation.request.inputCount
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
        let (channels, model) = state.withLock { state in
            state.phase = .stopped
            state.arrivals = []
            state.statistics.failed += state.open.count
            state.statistics.running = 0
            state.statistics.waiting = 0
            defer { state.open = [:] }
            return (Array(state.open.values), state.call?.model)
        }
        for channel in channels { channel.fail(EngineError.stopped) }
        model?.requestCancel()
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

    /// Counts a request that has got its place in the batch.
    func join(_ generation: Generation) {
        state.withLock { state in
            guard state.open[ObjectIdentifier(generation.channel)] != nil else { return }
            let cached = generation.usage.cachedTokens
            state.statistics.waiting -= 1
            state.statistics.running += 1
            state.statistics.cachedTokens += cached
            state.statistics.prefixHits += cached > 0 ? 1 : 0
            state.statistics.queueTime.observe(.now - generation.submitted)
        }
    }

    /// Says which call is under way and for whom, so that it can be interrupted.
    func begin(_ call: Call) {
        state.withLock { $0.call = call }
    }

    func endCall(_ change: (inout EngineStatistics) -> Void) {
        state.withLock { state in
            state.call = nil
            change(&state.statistics)
        }
    }

    /// Strikes a request off; its channel is ended after this.
    func leave(_ generation: Generation, _ change: (inout EngineStatistics) -> Void) {
        let isDrained = state.withLock { state in
            let key = ObjectIdentifier(generation.channel)
            guard state.open.removeValue(forKey: key) != nil else { return false }
            change(&state.statistics)
            if generation.slot == nil {
                state.statistics.waiting -= 1
            } else {
                state.statistics.running -= 1
            }
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
