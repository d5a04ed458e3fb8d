import JSON
import PluginHost

/// The loop of one model's vectors and tasks: every turn it chooses a job, and gives it a step of
/// texts or a slice of its task.
final class VectorLoop: JobLoop<VectorJob>, @unchecked Sendable {
    private let profile: VectorProfile
    private let cache: EmbeddingCache
    private var turns = Turns()
    private var lostTasks = LostTasks()

    init(
        _ supervisor: ModelSupervisor, _ profile: VectorProfile, _ options: EngineOptions,
        _ queue: JobQueue<VectorJob>, _ cache: EmbeddingCache
    ) {
        self.profile = profile
        self.cache = cache
        super.init(supervisor, options, queue)
    }

    override func turn() -> Bool {
        let ready = jobs.filter { !$0.isPaused }
        let next = turns.next(of: ready.map { ($0.remaining, $0.passedOver) })
        guard let next, let model = currentModel() else { return false }
        switch ready[next] {
        case let job as EmbeddingJob: step(job, on: model)
        case let task as TaskJob: advance(task, on: model)
        default: break
        }
        return true
    }

    /// Counts which jobs get the step and which do not.
    private func serve(_ served: [VectorJob]) {
        for job in jobs where !job.isPaused { job.passedOver += 1 }
        for job in served {
            job.passedOver = 0
            queue.begin(job)
        }
    }

    override func release(_ job: VectorJob) {
        guard let task = job as? TaskJob, let id = task.id else { return }
        task.id = nil
        free { try $0.endJob(id) }
    }

    /// Tasks without events so far are started again; events of the others cannot be taken back.
    override func forgetModel() {
        for task in jobs.compactMap({ $0 as? TaskJob }) where task.id != nil {
            task.id = nil
            guard task.hasEvents else { continue }
            let reason = "the model was lost in the middle of the task; repeat it"
            end(task, EngineError.modelFailed(attempts: 1, failure: reason))
        }
    }
}

// MARK: - Texts

extension VectorLoop {
    /// Computes one step of texts, of one job and of others that fit beside it.
    private func step(_ job: EmbeddingJob, on model: any LoadedModel) {
        var step = EmbeddingStep(job.kind, profile)
        fill(&step, for: job)
        guard !step.parts.isEmpty else { return }
        let started = MonotonicTime.now
        do {
            try step.count(with: model)
            step.trim(to: options.tokenBudget, for: job)
            serve(step.jobs)
            let answers = try queue.call(model, for: step.jobs, as: \.steps) {
                try step.call(model, deadline: options.stepDeadline)
            }
            deliver(answers, to: step)
        } catch {
            recover(from: ModelFailure(error), in: step, since: started, on: model)
        }
    }

    private func fill(_ step: inout EmbeddingStep, for job: EmbeddingJob) {
        let rows = profile.rows
        let isSuspected = !job.suspects.isEmpty
        take(from: job, tokens: options.tokenBudget, rows: rows, into: &step)
        guard !isSuspected else { return }
        // Only jobs that fit whole: a short job does not wait for a slice of a long one.
        let others = jobs.compactMap { $0 as? EmbeddingJob }
            .filter { $0 !== job && $0.kind == job.kind && !$0.isDone }
            .sorted { $0.remaining < $1.remaining }
        for other in others {
            let left = options.tokenBudget - step.tokens
            guard other.fits(tokens: left, rows: rows - step.parts.count) else { return }
            take(from: other, tokens: left, rows: rows, into: &step)
        }
    }

    /// Takes texts, skipping those that another job has had computed since they arrived.
    private func take(
        from job: EmbeddingJob, tokens: Int, rows: Int, into step: inout EmbeddingStep
    ) {
        for piece in job.take(tokens: tokens, rows: rows) {
            if let known = cache.answer(for: .init(job.kind, piece.input)) {
                job.answer(piece, with: known)
            } else {
                step.parts.append(EmbeddingStep.Part(job: job, piece: piece))
            }
        }
        finish(job)
    }

    private func deliver(_ answers: [[Float]], to step: EmbeddingStep) {
        queue.record {
            $0.texts += step.parts.count
            $0.tokens += step.tokens
        }
        for (part, values) in zip(step.parts, answers) {
            let isNumber = values.allSatisfy(\.isFinite)
            let answer = EmbeddingJob.Answer(
                values: isNumber ? values : [], reading: part.piece.reading)
            if isNumber { cache.insert(answer, for: .init(step.kind, part.piece.input)) }
            part.job.answer(part.piece, with: answer)
            if !isNumber, isHere(part.job) {
                end(part.job, EngineError.invalidLogits("a vector that is not finite"))
            }
        }
        step.jobs.forEach(finish)
    }

    private func finish(_ job: EmbeddingJob) {
        guard job.isDone, isHere(job) else { return }
        leave(job, as: \.finished)
        job.finish()
    }

    private func isHere(_ job: VectorJob) -> Bool { jobs.contains { $0 === job } }

    /// After a failed call: its texts are retried, each alone, so that one that crashes the model
    /// is found and the others succeed.
    ///
    /// - Parameter started: when the step began.
    private func recover(
        from failure: ModelFailure, in step: EmbeddingStep, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        var step = step
        for index in step.parts.indices {
            step.parts[index].piece.failures += 1
            step.parts[index].piece.since = step.parts[index].piece.since ?? started
        }
        let suspect = step.parts.count == 1 ? step.parts[0] : nil
        if failure.isFatal {
            let blame = suspect.flatMap { part -> Blame? in
                guard part.piece.failures > options.retries else { return nil }
                return Blame(part.piece.fingerprint(step.kind), since: part.piece.since ?? started)
            }
            lose(model, because: failure, blaming: blame)
        }
        for part in step.parts { part.job.suspect(part.piece) }
        if let suspect { judge(suspect.job, suspect.piece, failure) }
    }

    /// A text that failed alone too often ends its request, and so does one that the model will
    /// never accept.
    private func judge(
        _ job: EmbeddingJob, _ piece: EmbeddingJob.Piece, _ failure: ModelFailure
    ) {
        if case .refused(let code, let flags, let message) = failure,
            code == .argument || code == .unsupported, !flags.contains(.retryable)
        {
            let reason = "is refused: \(message)"
            return end(job, EngineError.invalidParameter(name: "input", reason: reason))
        }
        guard piece.failures > options.retries else { return }
        let place = job.cost > 1 ? "at text \(piece.places[0]): " : ""
        end(job, EngineError.modelFailed(attempts: piece.failures, failure: "\(place)\(failure)"))
    }
}

// MARK: - Tasks

extension VectorLoop {
    /// Works on a task for a slice of time.
    private func advance(_ task: TaskJob, on model: any LoadedModel) {
        serve([task])
        let started = MonotonicTime.now
        do {
            let progress = try queue.call(model, for: [task], as: \.taskSteps) {
                try slice(of: task, on: model)
            }
            let time = MonotonicTime.now - started
            try take(progress, of: task)
            check(task, progress, in: time)
        } catch {
            recover(from: ModelFailure(error), in: task, since: started, on: model)
        }
    }

    private func slice(of task: TaskJob, on model: any LoadedModel) throws -> JobProgress {
        let id =
            try task.id
            ?? model.beginTask(task.name, input: task.input, deadline: options.stepDeadline)
        task.id = id
        return try model.advanceTask(
            id, for: options.taskSlice, deadline: options.stepDeadline + options.taskSlice)
    }

    private func take(_ progress: JobProgress, of task: TaskJob) throws {
        let events = try progress.events.map(event)
        if !events.isEmpty { task.hasEvents = true }
        for event in events { task.events.send(event) }
        guard progress.done else { return }
        lostTasks.forget(task)
        leave(task, as: \.finished)
        task.events.finish()
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

    /// A task that makes no progress would keep its client waiting, and two processes working,
    /// forever. The model itself is unharmed.
    private func check(_ task: TaskJob, _ progress: JobProgress, in time: Duration) {
        guard let reason = task.silence.observe(progress, in: time, options) else { return }
        end(task, after: 1, ModelFailure.broken(step: "advance", reason: reason))
    }

    private func recover(
        from failure: ModelFailure, in task: TaskJob, since started: MonotonicTime,
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
        if task.isCancelled || mayRetry { return }
        if case .refused(let code, _, let message) = failure, code == .argument, !task.hasEvents {
            let reason = "is refused: \(message)"
            return end(task, EngineError.invalidParameter(name: "input", reason: reason))
        }
        end(task, after: task.failures, failure)
    }
}
