import PluginHost

extension Lane {
    /// After a call that failed: puts the model's sequences and our account of them in agreement, and
    /// finds out which request is to blame.
    ///
    /// What was lost is fed again from the requests' tokens by the steps that follow, with samplers
    /// and their random states untouched: clients see a pause.
    func recover(from failure: ModelFailure, in plan: StepPlan, on model: any LoadedModel) {
        if failure.isFatal {
            lose(model, because: failure)
        } else if case .refused(_, let flags, _) = failure, flags.contains(.sequencesLost) {
            empty(plan.parts.map(\.slot), in: model)
        }
        blame(plan, failure)
    }

    /// Hands the model back to its supervisor; the next turn asks for another.
    func lose(_ model: any LoadedModel, because failure: ModelFailure) {
        supervisor.discard(model, because: failure)
    }

    private func empty(_ lost: [Int], in model: any LoadedModel) {
        do {
            for slot in lost {
                slots.forget(slot)
                try model.clear(slot)
            }
        } catch {
            lose(model, because: .broken(step: "seq_clear", reason: String(describing: error)))
        }
    }

    /// A request that failed alone more often than it may is ended. Of several, each must show that it
    /// gets past this place alone; so one that poisons the model is found, and the others go on.
    private func blame(_ plan: StepPlan, _ failure: ModelFailure) {
        for part in plan.parts {
            part.generation.suspicion.failures += 1
            let cleared = max(part.generation.suspicion.clearedAt ?? 0, part.positions.upperBound)
            part.generation.suspicion.clearedAt = cleared
        }
        guard plan.parts.count == 1, let only = plan.parts.first?.generation else { return }
        let failures = only.suspicion.failures
        if failures > options.retries {
            end(only, .modelFailed(attempts: failures, failure: String(describing: failure)))
        }
    }

    /// Clears a request that got past the place of the failure.
    func acquit(_ generation: Generation, past position: Int) {
        guard let place = generation.suspicion.clearedAt, position >= place else { return }
        generation.suspicion = Suspicion()
    }
}

extension ModelFailure {
    /// What a model threw; models throw nothing but `ModelFailure`.
    init(_ error: any Error) {
        self = error as? ModelFailure ?? .broken(step: "call", reason: String(describing: error))
    }
}
