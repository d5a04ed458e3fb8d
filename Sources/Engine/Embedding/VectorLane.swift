import PluginHost

/// The loop of one model's vectors and tasks, on a thread of its own.
///
/// Every turn it lets jobs leave and join, chooses whose turn it is, and calls the model once. It rests
/// without using the processor while there is nothing to do. All state is confined to the thread that
/// runs `run`.
final class VectorLane: @unchecked Sendable {
    let supervisor: ModelSupervisor
    let facts: VectorModel
    let options: VectorEngineOptions
    let inbox: VectorInbox
    let cache: EmbeddingCache
    /// In order of arrival.
    var jobs: [any LaneJob] = []
    var lostTasks = LostTasks()
    private var turns = Turns()
    /// The model that holds the tasks that have begun; kept by the supervisor as long as it lives.
    private weak var model: (any LoadedModel)?

    init(
        supervisor: ModelSupervisor, facts: VectorModel, options: VectorEngineOptions,
        inbox: VectorInbox, cache: EmbeddingCache
    ) {
        self.supervisor = supervisor
        self.facts = facts
        self.options = options
        self.inbox = inbox
        self.cache = cache
    }

    func run() {
        var rest = Inbox.Rest.untilRung(or: nil)
        while let arrivals = inbox.collect(after: rest) {
            jobs += arrivals
            // A model may generate text as well, on a lane of its own.
            let goesOn = supervisor.lane.exclusively(turnOnce)
            rest = goesOn ? .none : .untilRung(or: nextDeadline)
        }
        supervisor.lane.exclusively { jobs.forEach(letGo) }
        inbox.laneEnded()
    }

    /// - Returns: whether there is more to do at once.
    private func turnOnce() -> Bool {
        sweep()
        let ready = jobs.filter { !$0.isPaused }
        let next = turns.next(of: ready.map { ($0.remaining, $0.passedOver) })
        guard let next, let model = currentModel() else { return false }
        switch ready[next] {
        case let job as TextJob: step(job, on: model)
        case let task as TaskRun: advance(task, on: model)
        default: break
        }
        return true
    }

    /// Counts who had the step and who had not.
    func pass(over served: [any LaneJob]) {
        for job in jobs where !job.isPaused { job.passedOver += 1 }
        for job in served { job.passedOver = 0 }
    }

    /// Lets go of jobs that nobody waits for.
    private func sweep() {
        let now = MonotonicTime.now
        for job in jobs {
            if job.isCancelled {
                inbox.leave(job) { $0.cancelled += 1 }
                remove(job)
            } else if let task = job as? TaskRun, let stall = task.stall(options), stall <= now {
                let after = stall - task.submitted
                end(task, .deadlineExceeded(after: after, generated: 0))
            }
        }
    }

    private var nextDeadline: MonotonicTime? {
        jobs.compactMap { ($0 as? TaskRun)?.stall(options) }.min()
    }

    /// The model to call; when there is none, nobody is left waiting for it.
    private func currentModel() -> (any LoadedModel)? {
        do {
            let current = try supervisor.current()
            if current !== model {
                tasksAreLost()
                model = current
            }
            return current
        } catch {
            for job in jobs { end(job, EngineError(unavailable: error)) }
            return nil
        }
    }
}

// MARK: - Leaving

extension VectorLane {
    func end(_ job: any LaneJob, _ error: EngineError) {
        inbox.leave(job) { $0.failed += 1 }
        remove(job)
        job.fail(error)
    }

    func remove(_ job: any LaneJob) {
        letGo(job)
        jobs.removeAll { $0 === job }
    }

    /// Hands the model back to its supervisor; the next turn asks for another.
    ///
    /// - Parameter blame: the text or task that is to blame.
    func lose(
        _ model: any LoadedModel, because failure: ModelFailure, blaming blame: Blame? = nil
    ) {
        inbox.record { $0.recoveries += 1 }
        supervisor.discard(model, because: failure, blaming: blame)
    }

    /// Ends what the model holds of a job.
    private func letGo(_ job: any LaneJob) {
        guard let task = job as? TaskRun, let id = task.id, let model else { return }
        task.id = nil
        do {
            try model.endTask(id)
        } catch let failure as ModelFailure where failure.isFatal {
            lose(model, because: failure)
        } catch {
            // Refused: the model has none of that number, which is what was wanted.
        }
    }
}
