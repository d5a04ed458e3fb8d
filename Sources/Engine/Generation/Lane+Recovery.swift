import PluginHost

extension Lane {
    /// After a call that failed: puts the model's sequences and our account of them in agreement, and
    /// finds out which request is to blame.
    ///
    /// What was lost is fed again from the requests' tokens by the steps that follow, with samplers
    /// and their random states untouched: clients see a pause.
    ///
    /// - Parameter started: when the call began.
    func recover(
        from failure: ModelFailure, in plan: StepPlan, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        for part in plan.parts {
            part.generation.suspicion.add(failureAt: part.positions.upperBound, since: started)
        }
        // Of several, each must show that it gets past this place alone; so one that poisons the model is
        // found, and the others go on.
        let suspect = plan.parts.count == 1 ? plan.parts[0].generation : nil
        if failure.isFatal {
            lose(model, because: failure, at: suspect)
        } else if case .refused(_, let flags, _) = failure, flags.contains(.sequencesLost) {
            empty(plan.parts.map(\.slot), in: model)
        }
        if let suspect { judge(suspect, failure) }
    }

    /// Hands the model back to its supervisor; the next turn asks for another.
    ///
    /// - Parameter suspect: the request that the model was at, where that was one alone.
    func lose(
        _ model: any LoadedModel, because failure: ModelFailure, at suspect: Generation? = nil
    ) {
        let blame = suspect.flatMap { generation -> Blame? in
            let suspicion = generation.suspicion
            guard suspicion.isGuilty(beyond: options.retries), let since = suspicion.since else {
                return nil
            }
            return Blame(generation.request.fingerprint, since: since)
        }
        supervisor.discard(model, because: failure, blaming: blame)
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

    /// Ends a request that failed alone more often than it may, and all that are like it.
    func judge(_ generation: Generation, _ failure: ModelFailure) {
        let suspicion = generation.suspicion
        let isGuilty = suspicion.isGuilty(beyond: options.retries)
        guard isGuilty || suspicion.accidents > Self.accidents else { return }
        let reason = String(describing: failure)
        end(generation, .modelFailed(attempts: suspicion.failures, failure: reason))
        guard isGuilty, failure.isFatal else { return }
        let fingerprint = generation.request.fingerprint
        for other in waiting + running where other.request.fingerprint == fingerprint {
            end(other, .modelFailed(attempts: suspicion.failures, failure: reason))
        }
    }

    /// Failures at proven tokens before a request is ended all the same.
    private static let accidents = 8
}

extension Suspicion {
    /// - Parameter started: when the call began that failed.
    mutating func add(failureAt position: Int, since started: MonotonicTime) {
        since = since ?? started
        failures += 1
        accidents += position <= proven ? 1 : 0
        clearedAt = max(clearedAt ?? 0, position)
    }

    /// The model has taken the request's tokens up to `position`: if that is past the place of the
    /// failure, the request is cleared.
    mutating func passed(_ position: Int) {
        proven = max(proven, position)
        guard let place = clearedAt, position >= place else { return }
        (failures, accidents, since, clearedAt) = (0, 0, nil, nil)
    }

    /// Whether it failed more often than may happen to a request that is not the cause.
    func isGuilty(beyond retries: Int) -> Bool { failures - accidents > retries }
}

extension ModelFailure {
    /// What a model threw; models throw nothing but `ModelFailure`.
    init(_ error: any Error) {
        self = error as? ModelFailure ?? .broken(step: "call", reason: String(describing: error))
    }
}
