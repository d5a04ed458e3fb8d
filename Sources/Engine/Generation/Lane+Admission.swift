import PluginHost

extension Lane {
    /// How much longer a prefix must be that a running request is about to compute, for a waiting one
    /// to wait for it.
    private static let worthWaiting = 32

    /// Gives waiting requests a place, in order, as far as there are places.
    ///
    /// - Returns: false when the model was lost on the way.
    func admit(to model: any LoadedModel) -> Bool {
        for generation in waiting where running.count < options.parallel {
            let prompt = generation.request.prompt
            let reusable = generation.scoresPrompt ? 0 : prompt.count - 1
            if isBeingRead(generation.request.source) { continue }
            guard
                let placement = slots.placement(
                    for: prompt, of: generation.request.source, reusable: reusable)
            else { break }
            if reusable > 0, isWorthWaiting(generation, beyond: placement.length) { continue }
            waiting.removeAll { $0 === generation }
            running.append(generation)
            guard seat(generation, at: placement, in: model) else { return false }
        }
        return true
    }

    /// Whether a running request is still computing a prompt that shares much more with this one than
    /// any sequence does now.
    private func isWorthWaiting(_ generation: Generation, beyond length: Int) -> Bool {
        let request = generation.request
        return slots.forks
            && running.contains { other in
                guard let slot = other.slot, !other.scoresPrompt, !other.isPaused,
                    other.request.source == request.source
                else { return false }
                let common = commonPrefix(other.request.prompt, request.prompt)
                let shared = min(common, request.prompt.count - 1)
                return shared >= length + Self.worthWaiting
                    && slots[slot].tokens.count < shared
            }
    }

    /// Whether the model is about to read this source for another request, which can then be forked.
    private func isBeingRead(_ source: [Int32]?) -> Bool {
        source != nil && slots.forks
            && running.contains { $0.request.source == source && isUnread($0) }
    }

    private func seat(
        _ generation: Generation, at placement: SequenceSlots.Placement, in model: any LoadedModel
    ) -> Bool {
        generation.slot = placement.slot
        let isReady = prepare(placement, in: model)
        let length = isReady == true ? placement.length : 0
        let source = isReady == true && placement.hasSource ? generation.request.source : nil
        slots.take(placement, tokens: generation.tokens[..<length], source: source)
        greet(generation, cached: source?.count ?? length)
        return isReady != nil
    }

    private func greet(_ generation: Generation, cached: Int) {
        generation.usage.cachedTokens = cached
        inbox.join(generation)
        guard generation.request.echo else { return }
        let ready = generation.scoresPrompt ? 1 : generation.request.prompt.count
        for token in generation.request.prompt[..<ready] {
            echo(token, generation.scoresPrompt ? facts.unscored(token) : nil, of: generation)
        }
    }

    /// Sends a token of an echoed prompt.
    func echo(_ token: Int32, _ info: TokenLogProb?, of generation: Generation) {
        generation.channel.send(generation.output.echo(token, info))
        generation.echoed += 1
    }
}

// MARK: - Sequences

extension Lane {
    /// Brings a sequence of the model to the state that a placement describes.
    ///
    /// - Returns: false when the sequence is empty instead; nil when the model was lost.
    private func prepare(
        _ placement: SequenceSlots.Placement, in model: any LoadedModel
    ) -> Bool? {
        do {
            try move(placement, in: model)
            return true
        } catch {
            return recover(placement, in: model, from: ModelFailure(error))
        }
    }

    private func move(
        _ placement: SequenceSlots.Placement, in model: any LoadedModel
    ) throws {
        switch placement {
        case .keep(let slot, let length):
            if slots[slot].tokens.count > length { try model.truncate(slot, to: length) }
        case .fork(let source, let slot, let length):
            try model.clear(slot)
            try model.fork(source, to: slot, length: length)
        case .fresh(let slot):
            try model.clear(slot)
        }
    }

    private func recover(
        _ placement: SequenceSlots.Placement, in model: any LoadedModel, from failure: ModelFailure
    ) -> Bool? {
        if !failure.isFatal {
            do {
                try model.clear(placement.slot)
                return false
            } catch {
                lose(model, because: ModelFailure(error))
                return nil
            }
        }
        // An ability that takes the model down is not asked for again.
        slots.giveUp(placement)
        lose(model, because: failure)
        return nil
    }
}
