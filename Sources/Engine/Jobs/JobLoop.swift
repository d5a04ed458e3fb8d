import PluginHost

/// The loop of an engine, on a thread of its own: the only place where its model computes.
///
/// Every turn it lets jobs leave and join and runs a step; it sleeps while there is nothing to do.
/// Subclasses decide what to do next and what becomes of the results: they override `turn`,
/// `release` and `forgetModel`. All state is confined to the thread that runs `run`.
class JobLoop<Job: EngineJob>: @unchecked Sendable {
    let supervisor: ModelSupervisor
    let options: EngineOptions
    let queue: JobQueue<Job>
    /// Those that have not ended, in order of arrival.
    private(set) var jobs: [Job] = []
    /// The model that holds the jobs' state. The supervisor owns it, so that a dead model is freed
    /// at once, not with the next job.
    private(set) weak var model: (any LoadedModel)?
    private var holdsModel = false

    init(_ supervisor: ModelSupervisor, _ options: EngineOptions, _ queue: JobQueue<Job>) {
        self.supervisor = supervisor
        self.options = options
        self.queue = queue
    }

    // MARK: - For subclasses

    /// Runs a step, if there is anything to do.
    ///
    /// - Returns: whether there is more to do immediately.
    func turn() -> Bool { false }

    /// Frees the model's state of a job that leaves.
    func release(_ job: Job) {}

    /// The model's state is lost: it is another model now, or there is none.
    func forgetModel() {}
}

// MARK: - Turns

extension JobLoop {
    final func run() {
        var waits = true
        while let arrivals = queue.collect(waits: waits, until: waits ? nextDeadline : nil) {
            jobs += arrivals
            // Another loop may use the same model.
            waits = !supervisor.turn.exclusively {
                sweep()
                return turn()
            }
        }
        supervisor.turn.exclusively { jobs.forEach(release) }
        queue.loopEnded()
    }

    private var nextDeadline: MonotonicTime? { jobs.compactMap(\.deadline).min() }

    /// Removes jobs whose client has left or whose time is up.
    private func sweep() {
        let now = MonotonicTime.now
        for job in jobs {
            if job.isCancelled {
                leave(job, as: \.cancelled)
            } else if let deadline = job.deadline, deadline <= now {
                let after = deadline - job.submitted
                end(job, EngineError.deadlineExceeded(after: after, generated: job.generated))
            }
        }
    }

    /// The model to call; if there is none, all jobs end with an error.
    final func currentModel() -> (any LoadedModel)? {
        do {
            let current = try supervisor.current()
            if current !== model {
                // It died between two steps.
                if holdsModel { forget(countsAsLoss: jobs.contains(where: \.hasBegun)) }
                (model, holdsModel) = (current, true)
            }
            return current
        } catch {
            for job in jobs { end(job, EngineError(unavailable: error)) }
            return nil
        }
    }

    /// Returns the model to its supervisor; the next turn asks for another.
    ///
    /// - Parameter blame: the request to blame.
    final func lose(
        _ model: any LoadedModel, because failure: ModelFailure, blaming blame: Blame? = nil
    ) {
        forget(countsAsLoss: true)
        supervisor.discard(model, because: failure, blaming: blame)
    }

    /// Makes the model release something; a refusal means that it has none of that number.
    final func free(_ body: (any LoadedModel) throws -> Void) {
        guard let model else { return }
        do {
            try body(model)
        } catch let failure as ModelFailure where failure.isFatal {
            lose(model, because: failure)
        } catch {}
    }

    private func forget(countsAsLoss: Bool) {
        (model, holdsModel) = (nil, false)
        if countsAsLoss { queue.record { $0.recoveries += 1 } }
        forgetModel()
    }
}

// MARK: - Leaving

extension JobLoop {
    /// Ends a job that the model failed.
    final func end(_ job: Job, after attempts: Int, _ failure: ModelFailure) {
        let reason = String(describing: failure)
        end(job, EngineError.modelFailed(attempts: attempts, failure: reason))
    }

    final func end(_ job: Job, _ error: any Error) {
        leave(job, as: \.failed)
        job.fail(error)
    }

    /// Removes a job; its reader is notified afterwards.
    final func leave(_ job: Job, as outcome: WritableKeyPath<EngineStatistics, Int>) {
        queue.leave(job, as: outcome)
        release(job)
        jobs.removeAll { $0 === job }
    }
}
