import PluginHost

/// The loop of one model's images: every turn it makes one step of one image. The admitted jobs
/// take turns, so that each gets its share.
final class ImageLoop: JobLoop<ImageJob>, @unchecked Sendable {
    /// The admitted jobs, the next one first.
    private var placed: [ImageJob] = []
    /// How many images the model holds at the same time; less than in the options if it accepts no
    /// more.
    private var places: Int

    override init(
        _ supervisor: ModelSupervisor, _ options: EngineOptions, _ queue: JobQueue<ImageJob>
    ) {
        places = options.parallel
        super.init(supervisor, options, queue)
    }

    override func turn() -> Bool {
        for job in jobs where placed.count < places && !placed.contains(where: { $0 === job }) {
            placed.append(job)
        }
        guard let job = placed.first, let model = currentModel() else { return false }
        placed.append(placed.removeFirst())
        step(job, on: model)
        return true
    }

    override func release(_ job: ImageJob) {
        endImage(of: job)
        placed.removeAll { $0 === job }
        places = options.parallel
    }

    override func forgetModel() {
        for job in placed { job.restart() }
        places = options.parallel
    }

    /// Ends what the model holds of a job.
    private func endImage(of job: ImageJob) {
        guard let id = job.current.id else { return }
        job.current.id = nil
        free { try $0.endJob(id) }
    }
}

// MARK: - Steps

extension ImageLoop {
    private func step(_ job: ImageJob, on model: any LoadedModel) {
        queue.begin(job)
        let started = MonotonicTime.now
        do {
            let image = try queue.call(model, for: [job], as: \.steps) {
                try work(on: job, model)
            }
            if let image {
                deliver(image, of: job)
            } else if job.current.steps >= job.current.most {
                // It would keep its client waiting forever. The model itself is unharmed.
                let reason = "no end after \(job.current.steps) steps"
                end(job, after: 1, ModelFailure.broken(step: "step", reason: reason))
            }
        } catch {
            recover(from: ModelFailure(error), in: job, since: started, on: model)
        }
    }

    /// - Returns: the image, when this was its last step.
    private func work(on job: ImageJob, _ model: any LoadedModel) throws -> RGBImage? {
        let deadline = options.stepDeadline
        let id = try job.current.id ?? model.beginImage(job.request, deadline: deadline)
        job.current.id = id
        let progress = try model.stepImage(id, deadline: deadline)
        job.current.steps += 1
        job.current.most = progress.of.map { 2 * $0 } ?? ImageCapabilities.mostProgress
        job.events.send(.step(image: job.current.number, progress))
        if progress.done { return try model.finishImage(id, deadline: deadline) }
        if job.wantsPreview(after: progress), !job.isCancelled { try show(job, id, model) }
        return nil
    }

    /// Shows the image so far; a model that refuses this does not end the image.
    private func show(_ job: ImageJob, _ id: JobID, _ model: any LoadedModel) throws {
        let number = job.current.previews
        job.current.previews += 1
        do {
            let preview = try model.previewImage(id, deadline: options.stepDeadline)
            queue.record { $0.previews += 1 }
            job.events.send(.preview(image: job.current.number, number: number, preview))
        } catch let failure as ModelFailure where !failure.isFatal {
            job.current.previews = job.previews
        }
    }

    private func deliver(_ image: RGBImage, of job: ImageJob) {
        queue.record { $0.images += 1 }
        job.events.send(.image(job.current.number, image))
        endImage(of: job)
        guard !job.advance() else { return }
        leave(job, as: \.finished)
        job.events.finish()
    }

    /// An image is determined by its seed: after a crash it is started again, unless it is the
    /// cause.
    private func recover(
        from failure: ModelFailure, in job: ImageJob, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        let since = job.current.since ?? started
        job.current.since = since
        if failure.isFatal {
            let isGuilty = job.current.failures >= options.retries
            lose(
                model, because: failure,
                blaming: isGuilty ? Blame(job.request.fingerprint, since: since) : nil)
        }
        if job.isCancelled { return }
        if case .refused(let code, _, _) = failure {
            if code == .busy, job.current.id == nil, postpone(job) { return }
            if code == .argument || code == .unsupported { return end(job, failure) }
        }
        job.current.failures += 1
        endImage(of: job)
        job.restart()
        if job.current.failures > options.retries {
            end(job, after: job.current.failures, failure)
        }
    }

    /// Puts back a job for which the model has no place, until one of the others ends.
    ///
    /// - Returns: false when there are no others.
    private func postpone(_ job: ImageJob) -> Bool {
        let begun = placed.count { $0.current.id != nil }
        guard begun > 0 else { return false }
        places = begun
        placed.removeAll { $0 === job }
        return true
    }
}
