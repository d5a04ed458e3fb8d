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
            part.generation.suspicion.add(failureAt: part.positions.upperBound)
        }
        if plan.parts.count == 1 { judge(plan.parts[0].generation, failure) }
    }

    /// Ends a request that failed alone more often than it may.
    func judge(_ generation: Generation, _ failure: ModelFailure) {
        let suspicion = generation.suspicion
        if suspicion.failures - suspicion.accidents > options.retries
            || suspicion.accidents > Self.accidents
        {
            let attempts = suspicion.failures
            end(generation, .modelFailed(attempts: attempts, failure: String(describing: failure)))
        }
    }

    /// Failures at proven tokens before a request is ended all the same.
    private static let accidents = 8
}

extension Suspicion {
    mutating func add(failureAt position: Int) {
        failures += 1
        accidents += position <= proven ? 1 : 0
        clearedAt = max(clearedAt ?? 0, position)
    }

    /// The model has taken the request's tokens up to `position`: if that is past the place of the
    /// failure, the request is cleared.
    mutating func passed(_ position: Int) {
        proven = max(proven, position)
        guard let place = clearedAt, position >= place else { return }
        (failures, accidents, clearedAt) = (0, 0, nil)
    }
}

extension ModelFailure {
    /// What a model threw; models throw nothing but `ModelFailure`.
    init(_ error: any Error) {
        self = error as? ModelFailure ?? .broken(step: "call", reason: String(describing: error))
    }
}
