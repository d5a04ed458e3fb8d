import JSON
import PluginHost

extension VectorLane {
    /// Works on a task for a slice of time.
    func advance(_ task: TaskRun, on model: any LoadedModel) {
        pass(over: [task])
        let started = MonotonicTime.now
        inbox.begin(VectorInbox.Call(model: model, jobs: [task]))
        let progress = Result { try slice(of: task, on: model) }
        let time = .now - started
        inbox.endCall(tokens: 0, in: time) { $0.taskSteps += 1 }
        do {
            let progress = try progress.get()
            try take(progress, of: task)
            check(task, progress, in: time)
        } catch {
            recover(from: ModelFailure(error), in: task, since: started, on: model)
        }
    }

    private func slice(of task: TaskRun, on model: any LoadedModel) throws -> TaskProgress {
        let id =
            try task.id
            ?? model.beginTask(task.name, input: task.input, deadline: options.stepDeadline)
        task.id = id
        return try model.advanceTask(
            id, for: options.taskSlice, deadline: options.stepDeadline + options.taskSlice)
    }

    private func take(_ progress: TaskProgress, of task: TaskRun) throws {
        let events = try progress.events.map(event)
        if !events.isEmpty { task.hasEvents = true }
        task.channel.send(events)
        guard progress.done else { return }
        lostTasks.forget(task)
        inbox.leave(task) { $0.finished += 1 }
        remove(task)
        task.channel.finish()
    }

    /// A task that comes to nothing would keep its client waiting, and two processes working, for ever. The
    /// model is no worse for it than before.
    private func check(_ task: TaskRun, _ progress: TaskProgress, in time: Duration) {
        guard let reason = task.silence.observe(progress, in: time, options) else { return }
        let failure = ModelFailure.broken(step: "advance", reason: reason)
        end(task, .modelFailed(attempts: 1, failure: String(describing: failure)))
    }

    private func event(_ bytes: [UInt8]) throws -> JSONValue {
        let found: String
        do {
            let value = try JSONValue(parsing: bytes)
            if value.object != nil { return value }
            found = value.kind
        } catch {
            found = error.description
        }
        throw ModelFailure.broken(
            step: "advance", reason: "an event is no JSON object but \(found)")
    }

    // MARK: - Failures

    private func recover(
        from failure: ModelFailure, in task: TaskRun, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        task.failures += 1
        let since = task.since ?? started
        task.since = since
        let earlier = lostTasks.loss(of: task)
        let isGuilty =
            failure.isFatal && task.failures + (earlier?.failures ?? 0) > options.retries
        let mayRetry = failure.isFatal && !task.hasEvents && !isGuilty
        if failure.isFatal {
            task.id = nil
            let blame = isGuilty ? Blame(task.fingerprint, since: earlier?.since ?? since) : nil
            lose(model, because: failure, blaming: blame)
            if isGuilty { lostTasks.forget(task) }
            if !isGuilty, !mayRetry { lostTasks.add(task, since: since) }
        }
        if task.isCancelled { return }
        if case .refused(let code, _, let message) = failure, code == .argument, !task.hasEvents {
            return end(task, .invalidParameter(name: "input", reason: "is refused: \(message)"))
        }
        guard !mayRetry else { return }
        end(task, .modelFailed(attempts: task.failures, failure: String(describing: failure)))
    }

    /// The model that held the tasks is gone: those that have shown nothing yet begin anew.
    func tasksAreLost() {
        for task in jobs.compactMap({ $0 as? TaskRun }) where task.id != nil {
            task.id = nil
            guard task.hasEvents else { continue }
            end(
                task,
                .modelFailed(
                    attempts: 1, failure: "the model was lost in the middle of the task; repeat it")
            )
        }
    }
}
