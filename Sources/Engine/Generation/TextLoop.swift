import Grammar
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
    private var cost = StepCost()
    private var shares = FairShares()

    /// A waiting request waits for a prefix that a running one is about to compute if it is longer
    /// by this much.
    private static let worthWaiting = 32
    /// Rows that prompts get in every step, however long it takes.
    private static let leastPromptRows = 16
    /// What a token of output counts for its client, in tokens of a prompt (arXiv:2401.00588).
    private static let outputCost = 2.0
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
        var waiting = jobs.filter { $0.slot == nil }
        guard !waiting.isEmpty else { return true }
        shares.update(present: Set(jobs.map(\.request.client)))
        while running.count < options.parallel {
            // Whoever is admitted is charged, which may change the order.
            sort(&waiting)
            guard let next = waiting.lazy.compactMap(self.placement).first else { break }
            waiting.removeAll { $0 === next.generation }
            running.append(next.generation)
            let client = next.generation.request.client
            shares.charge(
                client, Double(next.generation.request.inputCount - next.placement.length))
            guard place(next.generation, at: next.placement, in: model) else { return false }
        }
        return true
    }

    /// By priority, then by what their clients have had, then by arrival.
    private func sort(_ waiting: inout [Generation]) {
        let keys = waiting.map { ($0.request.priority, shares.served($0.request.client)) }
        let order = waiting.indices.sorted {
            (keys[$0].0, keys[$0].1, $0) < (keys[$1].0, keys[$1].1, $1)
        }
        waiting = order.map { waiting[$0] }
    }

    /// Where a request goes now; nil if it waits for a sequence or for what another one computes.
    private func placement(
        of generation: Generation
    ) -> (generation: Generation, placement: SequenceSlots.Placement)? {
        let request = generation.request
        let reusable = generation.scoresPrompt ? 0 : request.prompt.count - 1
        guard !isBeingRead(request.basis),
            let placement = slots.placement(
                for: request.prompt, on: request.basis, reusable: reusable)
        else { return nil }
        let waits = reusable > 0 && isWorthWaiting(generation, beyond: placement.length)
        return waits ? nil : (generation, placement)
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
        let shares = StepShares.divide(
            pending, budget: budget(for: order, pending), priorities: order.map(\.request.priority))
        var plan = StepPlan()
        let streams = zip(shares, pending).count { $0 == 1 && $1 == 1 }
        var rows = shares.reduce(0, +)
        for (index, share) in shares.enumerated() where share > 0 {
            guard let slot = order[index].slot else { continue }
            let guess =
                pending[index] == 1 ? guess(for: order[index], beside: rows, streams: streams) : []
            rows += guess.count
            plan.add(order[index], slot: slot, from: fed[index], count: share, guess: guess)
        }
        return plan
    }

    /// What a stream may go on with, as far as it pays to let the model read it in a step of `rows`.
    private func guess(
        for generation: Generation, beside rows: Int, streams: Int
    ) -> [Int32] {
        guard guesses, generation.generated > 0, generation.suspicion.clearedAt == nil else {
            return []
        }
        let budget = min(options.tokenBudget, profile.capabilities.batchSize) - rows
        let length = cost.draftLength(
            generation.drafter.acceptance, rows: rows, streams: streams,
            limit: min(Drafter.most, generation.room, budget))
        let guess = generation.drafter.guess(after: generation.tokens, limit: length)
        if guess.isEmpty { generation.drafter.note(read: 0, right: 0) }
        return guess
    }

    /// Guesses are only made where they change nothing: sequences can be cut, and logits do not depend
    /// on what else is in a batch.
    private var guesses: Bool {
        options.guesses && slots.cuts && profile.capabilities.flags.contains(.batchInvariant)
    }

    /// The rows of a step: while streams run, as many as keep their next tokens from being late.
    private func budget(for order: [Generation], _ pending: [Int]) -> Int {
        let budget = min(options.tokenBudget, profile.capabilities.batchSize)
        let streams = zip(order, pending).count { $0.generated > 0 && $1 == 1 }
        guard streams > 0, let rows = cost.rows(within: options.stepTarget) else { return budget }
        return min(budget, max(rows, streams + Self.leastPromptRows))
    }

    private func step(_ plan: StepPlan, on model: any LoadedModel) {
        let started = MonotonicTime.now
        do {
            let begun = options.clock()
            let rows = try queue.call(model, for: plan.parts.map(\.generation), as: \.steps) {
                try model.forward(plan.batch, deadline: options.stepDeadline)
            }
            cost.note(rows: plan.batch.count, options.clock() - begun)
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
            slots.append(part.generation.tokens[part.positions] + part.guess, to: part.slot)
            part.generation.suspicion.passed(part.positions.upperBound)
        }
        for (part, outcome) in zip(plan.parts, pool.evaluate(plan.parts, rows)) {
            deliver(outcome, to: part.generation)
        }
        for part in plan.parts where !part.guess.isEmpty { settle(part) }
        for part in plan.parts where part.generation.slot != nil { writeForced(part.generation) }
    }

    /// Cuts what was guessed wrong from the sequence of a stream.
    private func settle(_ guess: StepPlan.Part) {
        let generation = guess.generation
        // The last token has been chosen and not fed.
        let right = min(generation.tokens.count - 1 - guess.positions.upperBound, guess.guess.count)
        queue.record {
            $0.guessedTokens += guess.guess.count
            $0.rightGuesses += max(right, 0)
        }
        generation.drafter.note(read: guess.guess.count, right: max(right, 0))
        guard let model, generation.slot == guess.slot, right < guess.guess.count else { return }
        let placement = SequenceSlots.Placement.keep(
            slot: guess.slot, length: guess.positions.upperBound + right)
        guard let isReady = prepare(placement, in: model) else { return }
        if isReady {
            slots.cut(guess.slot, to: placement.length)
        } else {
            slots.forget(guess.slot)
        }
    }

    /// Writes what a grammar leaves no choice about, without a step for each token; the next step
    /// feeds it to the model as a whole.
    private func writeForced(_ generation: Generation) {
        let tokens = generation.forcedTokens {
            // How a text is cut into tokens matters little; the model's failures show elsewhere.
            try? model?.tokenize($0, addSpecial: false, parseSpecial: false)
        }
        for token in tokens where generation.slot != nil {
            accept(token, nil, complete: generation.force(token), for: generation)
        }
        if generation.slot != nil, generation.isComplete { finish(generation, .stop) }
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
            for choice in outcome.choices where generation.slot != nil {
                accept(choice.token, choice.info, complete: choice.complete, for: generation)
            }
            if generation.slot != nil, outcome.isComplete || generation.isComplete {
                finish(generation, .stop)
            }
        }
    }

    private func accept(
        _ token: Int32, _ info: TokenLogProb?, complete: [Bool]?, for generation: Generation
    ) {
        generation.usage.completionTokens += 1
        shares.charge(generation.request.client, Self.outputCost)
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
        if generation.events.isConcluded { return finish(generation, .stop) }
        let ends = generation.ends.contains(token)
        if ends, !generation.request.includesStop || profile.endTokens.contains(token) {
            if let info, generation.request.reportsEnd { generation.send(end: info) }
            return finish(generation, .stop)
        }
        if let stop = generation.append(token, info, complete: complete) {
            finish(generation, .stopString(stop))
        } else if ends {
            finish(generation, .stop)
        } else if generation.generated == generation.limit {
            finish(generation, generation.isComplete ? .stop : .length)
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
