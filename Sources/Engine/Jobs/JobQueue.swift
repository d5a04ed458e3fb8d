package import PluginHost

/// Work that waits in a queue, is done by one loop, and ends once. After its submission only the
/// loop's thread changes it.
package protocol EngineJob: AnyObject, Sendable {
    var submitted: MonotonicTime { get }
    /// Its cost in the queue: for a request with many texts, their number.
    var cost: Int { get }
    /// Whether it is in the batch, or has had a step. Set by the queue.
    var hasBegun: Bool { get set }
    /// Its client has left.
    var isCancelled: Bool { get }
    /// When it is ended if nothing changes.
    var deadline: MonotonicTime? { get }
    /// Tokens of output so far.
    var generated: Int { get }

    func fail(_ error: any Error)
}

extension EngineJob {
    package var cost: Int { 1 }
    package var deadline: MonotonicTime? { nil }
    package var generated: Int { 0 }
}

/// What an engine's clients and its loop share: new jobs, requests to end, and their statistics.
package final class JobQueue<Job: EngineJob>: Sendable {
    private enum Phase {
        case open, draining, stopped
    }

    private struct State {
        var phase = Phase.open
        var arrivals: [Job] = []
        /// Jobs that have not ended.
        var open: [ObjectIdentifier: Job] = [:]
        var cost = 0
        /// The current call of the model, and the jobs it serves.
        var call: (model: any LoadedModel, jobs: [Job])?
        /// The loop has a change to handle.
        var isRung = false
        var statistics = EngineStatistics()
        var pace = Pace()
    }

    private let state = Monitor(State())
    private let limit: Int
    private let costLimit: Int
    private let parallel: Int
    /// The jobs that have not ended, and the loop that has not.
    private let unfinished = InFlightCount()
    private let loop = InFlightCount()

    /// - Parameters:
    ///   - limit: jobs that may wait.
    ///   - parallel: jobs that may run in addition; 0 if `limit` includes these.
    ///   - costLimit: for all of them together; a single larger one is accepted if there is no
    ///     other.
    package init(limit: Int, parallel: Int = 0, costLimit: Int = .max) {
        self.limit = limit
        self.parallel = parallel
        self.costLimit = costLimit
        loop.add()
    }

    package var statistics: EngineStatistics { state.withLock { $0.statistics } }

    package func record(_ change: (inout EngineStatistics) -> Void) {
        state.withLock { change(&$0.statistics) }
    }
}

// MARK: - The clients' side

extension JobQueue {
    /// Submits a job; one that needs no step is only counted.
    ///
    /// - Throws: `.overloaded`, `.draining` or `.stopped`.
    package func submit(_ job: Job, needsStep: Bool = true) throws(EngineError) {
        let refusal = state.withLock { state -> EngineError? in
            if let refusal = self.refusal(of: job, needsStep: needsStep, state) {
                state.statistics.refused += 1
                return refusal
            }
            state.statistics.accepted += 1
            if needsStep {
                state.arrivals.append(job)
                state.open[ObjectIdentifier(job)] = job
                state.cost += job.cost
                state.statistics.waiting += 1
                unfinished.add()
            } else {
                state.statistics.finished += 1
                state.statistics.jobTime.observe(.zero)
            }
            return nil
        }
        if let refusal { throw refusal }
    }

    private func refusal(of job: Job, needsStep: Bool, _ state: State) -> EngineError? {
        switch state.phase {
        case .stopped: return .stopped
        case .draining: return .draining
        case .open: break
        }
        let queued = state.open.count - parallel
        let isCostly = !state.open.isEmpty && state.cost + job.cost > costLimit
        guard needsStep, queued >= limit || isCostly else { return nil }
        return .overloaded(queued: queued, retryAfter: state.pace.time(for: state.cost))
    }

    /// Makes the loop check for cancelled and paused jobs. A call that no longer serves any job is
    /// asked to stop.
    package func ring() {
        state.withLock { state in
            state.isRung = true
            guard let call = state.call, call.jobs.allSatisfy(\.isCancelled) else { return }
            // The lock keeps the call from ending first, so the next call is not affected.
            call.model.requestCancel()
        }
    }

    /// Accepts no new jobs and returns when the remaining ones have ended, or after `limit`.
    package func drain(upTo limit: Duration) async {
        state.withLock { if $0.phase == .open { $0.phase = .draining } }
        await unfinished.waitForZero(atMost: limit)
    }

    /// Ends every job and lets the loop's thread go.
    package func stop() {
        let jobs = state.withLock { state in
            state.phase = .stopped
            state.arrivals = []
            state.statistics.failed += state.open.count
            (state.statistics.waiting, state.statistics.running, state.cost) = (0, 0, 0)
            defer { state.open = [:] }
            state.call?.model.requestCancel()
            return Array(state.open.values)
        }
        for job in jobs {
            job.fail(EngineError.stopped)
            unfinished.remove()
        }
    }

    /// The same; returns when the loop no longer calls the model, or after `patience`.
    package func stop(patience: Duration) async {
        stop()
        await loop.waitForZero(atMost: patience)
    }
}

// MARK: - The loop's side

extension JobQueue {
    /// The new jobs; nil when the engine is stopped.
    ///
    /// - Parameters:
    ///   - waits: until there is something to handle.
    ///   - deadline: when it waits no longer.
    package func collect(waits: Bool, until deadline: MonotonicTime? = nil) -> [Job]? {
        guard waits else { return state.withLock(take) }
        let limit = deadline.map { max(.zero, $0 - .now) }
        let woken = state.wait(atMost: limit) { state -> [Job]?? in
            let isAwake = state.isRung || !state.arrivals.isEmpty || state.phase == .stopped
            return isAwake ? .some(take(&state)) : nil
        }
        return woken ?? []
    }

    private func take(_ state: inout State) -> [Job]? {
        guard state.phase != .stopped else { return nil }
        state.isRung = false
        defer { state.arrivals = [] }
        return state.arrivals
    }

    /// Counts a job that has entered the batch, or had its first step.
    package func begin(_ job: Job) {
        guard !job.hasBegun else { return }
        state.withLock { state in
            job.hasBegun = true
            guard state.open[ObjectIdentifier(job)] != nil else { return }
            state.statistics.waiting -= 1
            state.statistics.running += 1
            state.statistics.queueTime.observe(.now - job.submitted)
        }
    }

    /// Runs a call of the model, which can be interrupted meanwhile.
    ///
    /// - Parameters:
    ///   - jobs: the jobs that it serves.
    ///   - steps: what it counts as, if anything.
    package func call<Value>(
        _ model: any LoadedModel, for jobs: [Job],
        as steps: WritableKeyPath<EngineStatistics, Int>? = nil, _ body: () throws -> Value
    ) rethrows -> Value {
        let started = MonotonicTime.now
        state.withLock { $0.call = (model, jobs) }
        defer {
            let time = MonotonicTime.now - started
            state.withLock { state in
                state.call = nil
                state.pace.note(time)
                if let steps {
                    state.statistics[keyPath: steps] += 1
                    state.statistics.stepTime.observe(time)
                }
            }
        }
        return try body()
    }

    /// Removes a job; its reader is notified afterwards.
    ///
    /// - Parameter outcome: what it counts as.
    package func leave(_ job: Job, as outcome: WritableKeyPath<EngineStatistics, Int>) {
        let wasOpen = state.withLock { state in
            guard state.open.removeValue(forKey: ObjectIdentifier(job)) != nil else { return false }
            state.cost -= job.cost
            state.pace.note(done: job.cost)
            state.statistics[keyPath: outcome] += 1
            if job.hasBegun { state.statistics.running -= 1 } else { state.statistics.waiting -= 1 }
            state.statistics.jobTime.observe(.now - job.submitted)
            return true
        }
        if wasOpen { unfinished.remove() }
    }

    func loopEnded() {
        loop.remove()
    }
}

/// How long the model takes per unit of cost, averaged over the last jobs.
private struct Pace {
    private var seconds = 0.0
    private var cost = 0.0

    mutating func note(_ call: Duration) {
        seconds += call.inSeconds
    }

    /// An exponential average over about eight jobs.
    mutating func note(done: Int) {
        cost = (cost + Double(done)) * 7 / 8
        seconds *= 7 / 8
    }

    /// An estimate, from a second to a minute.
    func time(for cost: Int) -> Duration {
        .seconds(min(max(self.cost > 0 ? Double(cost) * seconds / self.cost : 1, 1), 60))
    }
}
