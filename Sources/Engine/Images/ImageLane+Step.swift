import PluginHost

extension ImageLane {
    /// Makes a step of a request's picture, and what follows from it.
    func step(_ run: ImageRun, on model: any LoadedModel) {
        inbox.begin(ImageInbox.Call(model: model, run: run))
        let started = MonotonicTime.now
        let outcome = Result { try work(on: run, model) }
        inbox.endCall { statistics in
            guard case .success = outcome else { return }
            statistics.steps += 1
            statistics.stepTime.observe(.now - started)
        }
        do {
            if let picture = try outcome.get() {
                deliver(picture, of: run)
            } else if run.current.steps >= run.current.most {
                giveUp(run)
            }
        } catch {
            recover(from: ModelFailure(error), in: run, since: started, on: model)
        }
    }

    /// - Returns: the picture, when this was its last step.
    private func work(on run: ImageRun, _ model: any LoadedModel) throws -> Picture? {
        let deadline = options.stepDeadline
        let id = try run.current.id ?? model.beginImage(run.request, deadline: deadline)
        run.current.id = id
        let progress = try model.stepImage(id, deadline: deadline)
        run.current.steps += 1
        run.current.most = progress.of.map { 2 * $0 } ?? ImageCapabilities.mostProgress
        run.channel.send(.step(picture: run.current.number, progress))
        if progress.done { return try model.finishImage(id, deadline: deadline) }
        if run.wantsPreview(after: progress), !run.isCancelled { try show(run, id, model) }
        return nil
    }

    /// A picture that is never done would keep its client waiting for ever. The model is no worse for it
    /// than before.
    private func giveUp(_ run: ImageRun) {
        let failure = ModelFailure.broken(
            step: "step", reason: "no end after \(run.current.steps) steps")
        end(run, EngineError.modelFailed(attempts: 1, failure: String(describing: failure)))
    }

    /// Shows the picture so far; a model that will not is no reason to end the picture.
    private func show(_ run: ImageRun, _ id: ImageID, _ model: any LoadedModel) throws {
        let number = run.current.previews
        run.current.previews += 1
        do {
            let preview = try model.previewImage(id, deadline: options.stepDeadline)
            inbox.record { $0.previews += 1 }
            run.channel.send(.preview(picture: run.current.number, number: number, preview))
        } catch let failure as ModelFailure where !failure.isFatal {
            run.current.previews = run.order.previews
        }
    }

    private func deliver(_ picture: Picture, of run: ImageRun) {
        inbox.record { $0.pictures += 1 }
        run.channel.send(.picture(run.current.number, picture))
        letGo(run)
        if !run.advance() { finish(run) }
    }

    /// A picture follows from its seed: cut by a crash it is begun anew, unless it is the cause.
    private func recover(
        from failure: ModelFailure, in run: ImageRun, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        run.current.since = run.current.since ?? started
        if failure.isFatal {
            let isGuilty = run.current.failures >= options.retries
            lose(
                model, because: failure,
                blaming: isGuilty
                    ? Blame(run.request.fingerprint, since: run.current.since ?? started) : nil)
        }
        if run.isCancelled { return }
        if case .refused(let code, _, _) = failure {
            if code == .busy, run.current.id == nil, postpone(run) { return }
            if code == .argument || code == .unsupported { return end(run, failure) }
        }
        run.current.failures += 1
        letGo(run)
        run.restart()
        guard run.current.failures > options.retries else { return }
        end(
            run,
            EngineError.modelFailed(
                attempts: run.current.failures, failure: String(describing: failure)))
    }
}
