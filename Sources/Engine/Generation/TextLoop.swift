import PluginHost

/// The loop of one text model.
///
/// Requests join and leave a running batch at every step: a turn admits waiting requests, reads one
/// source of an encoder-decoder, fills a step, calls the model once, and samples.
final class TextLoop: JobLoop<Generation>, @unchecked Sendable {
    private let profile: TextProfile
    private let pool: SamplingPool
    private var slots: SequenceSlots
    /// Those that have a slot.
    private var running: [Generation] = []
    /// The first request to get rows in the next step.
    private var first = 0

    /// A waiting request waits for a prefix that a running one is about to compute if it is longer
    /// by this much.
    private static let worthWaiting = 32
    /// Failures at tokens that worked before, after which a request is ended all the same.
    private static let accidents = 8

    init(
        _ supervisor: ModelSupervisor, _ profile: TextProfile, _ options: EngineOptions,
        _ queue: JobQueue<Generation>
    ) {
        self.profile = profile
        pool = SamplingPool(profile)
        slots = SequenceSlots(
            count: profile.capabilities.sequences, flags: profile.capabilities.flags)
        super.init(supervisor, options, queue)
    }

    override func turn() -> Bool {
        guard !jobs.isEmpty, let model = currentModel() else { return false }
        guard admit(to: model), makeRoom(in: model), readNext(with: model) else { return true }
        let plan = plan()
        guard !plan.parts.isEmpty else { return running.contains(where: isUnread) }
        step(plan, on: model)
        return true
    }

    /// The model keeps the sequence, for a later prompt with the same prefix.
    override func release(_ generation: Generation) {
        guard let slot = generation.slot else { return }
        slots.release(slot)
        generation.slot = nil
        running.removeAll { $0 === generation }
    }

    override func forgetModel() {
        slots.forgetAll()
    }
}

// MARK: - Admission

extension TextLoop {
    /// Admits waiting requests, in order, as far as there are slots.
    ///
    /// - Returns: false if the model was lost.
    private func admit(to model: any LoadedModel) -> Bool {
        for generation in jobs where generation.slot == nil && running.count < options.parallel {
            let prompt = generation.request.prompt
            let reusable = generation.scoresPrompt ? 0 : prompt.count - 1
            if isBeingRead(generation.request.basis) { continue }
            guard
                let placement = slots.placement(
                    for: prompt, on: generation.request.basis, reusable: reusable)
            else { break }
            if reusable > 0, isWorthWaiting(generation, beyond: placement.length) { continue }
            running.append(generation)
            guard place(generation, at: placement, in: model) else { return false }
        }
        return true
    }

    /// Whether a running request is still computing a prompt that shares much more with this one than
    /// any sequence does now.
    private func isWorthWaiting(_ generation: Generation, beyond length: Int) -> Bool {
        let request = generation.request
        return slots.forks
            && running.contains { other in
                guard let slot = other.slot, !other.scoresPrompt, !other.hasShifted,
                    !other.isPaused, other.request.basis == request.basis
                else { return false }
                let common = commonPrefix(other.request.prompt, request.prompt)
                let shared = min(common, request.prompt.count - 1)
                return shared >= length + Self.worthWaiting
                    && slots[slot].tokens.count < shared
            }
    }

    /// Whether the model is about to read this source for another request, whose sequence can then
    /// be forked.
    private func isBeingRead(_ basis: SequenceBasis) -> Bool {
        basis.source != nil && slots.forks
            && running.contains { $0.request.basis == basis && isUnread($0) }
    }

    /// - Returns: false when the model was lost.
    private func place(
        _ generation: Generation, at placement: SequenceSlots.Placement, in model: any LoadedModel
    ) -> Bool {
        generation.slot = placement.slot
        let isReady = prepare(placement, in: model)
        let length = isReady == true ? placement.length : 0
        let wanted = generation.request.basis
        let basis = isReady == true && placement.hasSource ? wanted : wanted.unread
        slots.take(placement, tokens: generation.tokens[..<length], basis: basis)
        begin(generation, cached: basis.source?.count ?? length)
        return isReady != nil
    }

    private func begin(_ generation: Generation, cached: Int) {
        queue.begin(generation)
        generation.usage.cachedTokens = cached
        queue.record {
            $0.cachedTokens += cached
            $0.prefixHits += cached > 0 ? 1 : 0
        }
        generation.sendPrompt(profile.unscored)
    }

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

    private func move(_ placement: SequenceSlots.Placement, in model: any LoadedModel) throws {
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
        // An operation that crashes the model is not used again.
        slots.giveUp(placement)
        lose(model, because: failure)
        return nil
    }
}

// MARK: - Sources

extension TextLoop {
    /// Whether the request's sequence has yet to read its source.
    private func isUnread(_ generation: Generation) -> Bool {
        guard let slot = generation.slot else { return false }
        return slots[slot].basis != generation.request.basis
    }

    /// Makes the model read one source of an encoder-decoder; the running requests get a step
    /// before it reads the next.
    ///
    /// - Returns: false when the model was lost.
    private func readNext(with model: any LoadedModel) -> Bool {
        guard let next = running.first(where: isUnread), let slot = next.slot,
            let source = next.request.source
        else { return true }
        let started = MonotonicTime.now
        do {
            try queue.call(model, for: [next]) {
                try model.encode(source, into: slot, deadline: options.stepDeadline)
            }
            slots.read(next.request.basis, for: slot)
            return true
        } catch {
            // The sequence is still empty. The request is past this point once the model has
            // processed its first token.
            let failure = ModelFailure(error)
            next.suspicion.add(failureAt: 1, since: started)
            if failure.isFatal { lose(model, because: failure, at: next) }
            judge(next, failure)
            return !failure.isFatal
        }
    }
}

// MARK: - Overflow

extension TextLoop {
    /// Drops older tokens of sequences that are full and go on: what comes behind the gap is computed
    /// again, as a prompt is.
    ///
    /// - Returns: false when the model was lost.
    private func makeRoom(in model: any LoadedModel) -> Bool {
        for generation in running where generation.needsRoom {
            let kept = generation.makeRoom()
            guard let slot = generation.slot, slots[slot].tokens.count > kept else { continue }
            if slots.cuts {
                let placement = SequenceSlots.Placement.keep(slot: slot, length: kept)
                guard let isReady = prepare(placement, in: model) else { return false }
                if isReady { slots.cut(slot, to: kept) } else { slots.forget(slot) }
            } else {
                empty([slot], in: model)
            }
        }
        return self.model != nil
    }
}

// MARK: - Steps

extension TextLoop {
    /// Fills a step: one token for each running sequence, then chunks of prompts.
    ///
    /// Requests that may have caused a failure run alone, one at a time, until they are past it.
    private func plan() -> StepPlan {
        let ready = running.filter { !$0.isPaused && !isUnread($0) }
        var order = ready.filter { $0.suspicion.clearedAt != nil }.prefix(1).map { $0 }
        if order.isEmpty, !ready.isEmpty {
            first = (first + 1) % ready.count
            order = Array(ready[first...] + ready[..<first])
        }
        let fed = order.map { generation in generation.slot.map { slots[$0].tokens.count } ?? 0 }
        let pending = zip(order, fed).map { $0.tokens.count - $1 }
        let budget = min(options.tokenBudget, profile.capabilities.batchSize)
        let shares = StepShares.divide(pending, budget: budget)
        var plan = StepPlan()
        for (index, share) in shares.enumerated() where share > 0 {
            guard let slot = order[index].slot else { continue }
            plan.add(order[index], slot: slot, from: fed[index], count: share)
        }
        return plan
    }

    private func step(_ plan: StepPlan, on model: any LoadedModel) {
        let started = MonotonicTime.now
        do {
            let rows = try queue.call(model, for: plan.parts.map(\.generation), as: \.steps) {
                try model.forward(plan.batch, deadline: options.stepDeadline)
            }
            try take(rows, of: plan)
        } catch {
            recover(from: ModelFailure(error), in: plan, since: started, on: model)
        }
    }

    private func take(_ rows: FloatRows, of plan: StepPlan) throws {
        let expected = plan.parts.reduce(0) { $0 + $1.wanted.count }
        guard rows.count == expected else {
            throw ModelFailure.broken(
                step: "forward", reason: "\(rows.count) rows of logits, expected \(expected)")
        }
        for part in plan.parts {
            slots.append(part.generation.tokens[part.positions], to: part.slot)
            part.generation.suspicion.passed(part.positions.upperBound)
        }
        for (part, outcome) in zip(plan.parts, pool.evaluate(plan.parts, rows)) {
            deliver(outcome, to: part.generation)
        }
    }

    private func deliver(
        _ outcome: Result<SamplingPool.Outcome, EngineError>, to generation: Generation
    ) {
        switch outcome {
        case .failure(let error):
            end(generation, error)
        case .success(let outcome):
            for score in outcome.scores { generation.send(score: score) }
            if outcome.isPromptOnly { return finish(generation, .length) }
            if let choice = outcome.choice { accept(choice, outcome.info, for: generation) }
        }
    }

    private func accept(_ token: Int32, _ info: TokenLogProb?, for generation: Generation) {
        generation.usage.completionTokens += 1
        if generation.request.sumsLogprobs {
            generation.usage.logprob += Double(info?.logprob ?? 0)
        }
        let info = generation.request.logprobs == nil ? nil : info
        queue.record {
            $0.generatedTokens += 1
            if generation.usage.completionTokens == 1 {
                $0.timeToFirstToken.observe(.now - generation.submitted)
            }
        }
        let ends = generation.ends.contains(token)
        if ends, !generation.request.includesStop || profile.endTokens.contains(token) {
            if let info, generation.request.reportsEnd { generation.send(end: info) }
            return finish(generation, .stop)
        }
        if let stop = generation.append(token, info) {
            finish(generation, .stopString(stop))
        } else if ends {
            finish(generation, .stop)
        } else if generation.generated == generation.limit {
            finish(generation, .length)
        }
    }

    private func finish(_ generation: Generation, _ reason: FinishReason) {
        let stop = generation.sendRest()
        leave(generation, as: \.finished)
        generation.events.finish(
            .finished(stop.map { .stopString($0) } ?? reason, generation.usage))
    }
}

// MARK: - Recovery

extension TextLoop {
    /// After a failed call: reconciles the model's sequences with our record of them, and finds out
    /// which request is to blame.
    ///
    /// Later steps feed the lost tokens again from the requests, with samplers and their random
    /// states untouched: clients only see a pause.
    ///
    /// - Parameter started: when the call began.
    private func recover(
        from failure: ModelFailure, in plan: StepPlan, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        for part in plan.parts {
            part.generation.suspicion.add(failureAt: part.positions.upperBound, since: started)
        }
        // If there are several, each must get past this point alone; so one that crashes the model
        // is found, and the others continue.
        let suspect = plan.parts.count == 1 ? plan.parts[0].generation : nil
        if failure.isFatal {
            lose(model, because: failure, at: suspect)
        } else if case .refused(_, let flags, _) = failure, flags.contains(.sequencesLost) {
            empty(plan.parts.map(\.slot), in: model)
        }
        if let suspect { judge(suspect, failure) }
    }

    /// - Parameter suspect: the only request in the call, if there was just one.
    private func lose(
        _ model: any LoadedModel, because failure: ModelFailure, at suspect: Generation?
    ) {
        let blame = suspect.flatMap { generation -> Blame? in
            guard generation.suspicion.isGuilty(beyond: options.retries) else { return nil }
            return generation.suspicion.since.map {
                Blame(generation.request.fingerprint, since: $0)
            }
        }
        lose(model, because: failure, blaming: blame)
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

    /// Ends a request that failed alone too often, and all identical ones.
    private func judge(_ generation: Generation, _ failure: ModelFailure) {
        let suspicion = generation.suspicion
        let isGuilty = suspicion.isGuilty(beyond: options.retries)
        guard isGuilty || suspicion.accidents > Self.accidents else { return }
        end(generation, after: suspicion.failures, failure)
        guard isGuilty, failure.isFatal else { return }
        let fingerprint = generation.request.fingerprint
        for other in jobs where other.request.fingerprint == fingerprint {
            end(other, after: suspicion.failures, failure)
        }
    }
}
