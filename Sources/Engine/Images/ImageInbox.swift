import PluginHost

/// What clients and an image lane share: new requests, the wish to end, and the account of both.
final class ImageInbox: Sendable {
    enum Phase {
        case open, draining, stopped
    }

    /// A call of the model, and the request that it serves.
    struct Call {
        let model: any LoadedModel
        let run: ImageRun
    }

    private struct State {
        var phase = Phase.open
        var arrivals: [ImageRun] = []
        /// Requests that have not ended.
        var open: [ObjectIdentifier: ImageRun] = [:]
        /// The call of the model that is under way.
        var call: Call?
        /// Something has changed that the lane should look at.
        var isRung = false
        var statistics = ImageStatistics()
        /// Seconds that a request has the model for itself, a moving average.
        var typicalDuration = 1.0
    }

    private let state = Monitor(State())
    private let options: ImageEngineOptions
    /// Opens when the engine is drained, and when the lane's thread has ended.
    private let drained = Gate()
    private let ended = Gate()

    init(_ options: ImageEngineOptions) {
        self.options = options
    }

    var statistics: ImageStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.open = state.open.count
            return statistics
        }
    }

    func record(_ change: (inout ImageStatistics) -> Void) {
        state.withLock { change(&$0.statistics) }
    }

    /// Makes the lane look for cancelled requests. A call that serves nobody any more is asked to stop.
    func ring() {
        let pointless = state.withLock { state in
            state.isRung = true
            return state.call.flatMap { $0.run.isCancelled ? $0.model : nil }
        }
        pointless?.requestCancel()
    }
}

// MARK: - The clients' side

extension ImageInbox {
    func submit(_ run: ImageRun) throws(EngineError) {
        let refusal = state.withLock { state -> EngineError? in
            if let refusal = self.refusal(state) {
                state.statistics.refused += 1
                return refusal
            }
            state.arrivals.append(run)
            state.open[ObjectIdentifier(run)] = run
            state.statistics.accepted += 1
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
        guard state.open.count >= options.queueLimit else { return nil }
        let wait = min(max(state.typicalDuration, 1), 600)
        return .overloaded(queued: state.open.count, retryAfter: .seconds(wait))
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
        let (runs, model) = state.withLock { state in
            state.phase = .stopped
            state.arrivals = []
            state.statistics.failed += state.open.count
            defer { state.open = [:] }
            return (Array(state.open.values), state.call?.model)
        }
        for run in runs { run.channel.fail(EngineError.stopped) }
        model?.requestCancel()
        drained.open()
    }

    /// Returns when the lane calls the model no more, or after `limit`.
    func waitForEnd(atMost limit: Duration) async {
        await ended.wait(atMost: limit)
    }
}

// MARK: - The lane's side

extension ImageInbox {
    /// The new requests; nil when the engine is stopped.
    ///
    /// - Parameter waits: until there is something to look at.
    func collect(waits: Bool) -> [ImageRun]? {
        guard waits else { return state.withLock(take) }
        let woken = state.wait { state -> [ImageRun]?? in
            let isAwake = state.isRung || !state.arrivals.isEmpty || state.phase == .stopped
            return isAwake ? .some(take(&state)) : nil
        }
        return woken ?? []
    }

    private func take(_ state: inout State) -> [ImageRun]? {
        guard state.phase != .stopped else { return nil }
        state.isRung = false
        defer { state.arrivals = [] }
        return state.arrivals
    }

    /// Says which call is under way and for whom, so that it can be interrupted.
    func begin(_ call: Call) {
        state.withLock { state in
            state.call = call
            guard !call.run.hasBegun else { return }
            call.run.hasBegun = true
            state.statistics.queueTime.observe(.now - call.run.submitted)
        }
    }

    func endCall(_ change: (inout ImageStatistics) -> Void) {
        state.withLock { state in
            state.call = nil
            change(&state.statistics)
        }
    }

    /// Strikes a request off; its channel is ended after this.
    func leave(_ run: ImageRun, _ change: (inout ImageStatistics) -> Void) {
        let isDrained = state.withLock { state in
            guard state.open.removeValue(forKey: ObjectIdentifier(run)) != nil else { return false }
            let time = MonotonicTime.now - run.submitted
            state.statistics.requestTime.observe(time)
            // It shared the model with those beside it.
            let share = time.inSeconds / Double(min(state.open.count + 1, options.parallel))
            state.typicalDuration += (share - state.typicalDuration) / 8
            change(&state.statistics)
            return state.phase == .draining && state.open.isEmpty
        }
        if isDrained { drained.open() }
    }

    func laneEnded() {
        ended.open()
    }
}
