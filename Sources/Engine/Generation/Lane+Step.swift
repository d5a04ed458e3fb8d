import PluginHost

/// One call of the model: its rows, and whose they are.
struct StepPlan {
    struct Part {
        let generation: Generation
        let slot: Int
        /// The tokens that are fed: positions of the sequence.
        let positions: Range<Int>
        /// Those of them whose logits are wanted, and the first one's row of the answer.
        let wanted: [Int]
        let firstRow: Int
    }

    var batch = Batch()
    var parts: [Part] = []
    private var rows = 0

    /// Feeds the next `count` tokens of a request.
    mutating func add(_ generation: Generation, slot: Int, from start: Int, count: Int) {
        let positions = start..<(start + count)
        let wanted = positions.filter(generation.wantsLogits)
        for position in positions {
            batch.append(
                token: generation.tokens[position], sequence: slot, position: position,
                wantsLogits: generation.wantsLogits(at: position))
        }
        parts.append(
            Part(
                generation: generation, slot: slot, positions: positions, wanted: wanted,
                firstRow: rows))
        rows += wanted.count
    }
}

extension Lane {
    /// Fills a step: one token for each running sequence, then chunks of prompts.
    ///
    /// Requests that may have caused a failure go one at a time, alone, until they are past it.
    func plan() -> StepPlan {
        let ready = running.filter { !$0.isPaused && !isUnread($0) }
        for generation in running { generation.notePause() }
        var order = ready.filter { $0.suspicion.clearedAt != nil }.prefix(1).map { $0 }
        if order.isEmpty, !ready.isEmpty {
            turn = (turn + 1) % ready.count
            order = Array(ready[turn...] + ready[..<turn])
        }
        let fed = order.map { generation in generation.slot.map { slots[$0].tokens.count } ?? 0 }
        let pending = zip(order, fed).map { $0.tokens.count - $1 }
        let budget = min(options.tokenBudget, facts.capabilities.batchSize)
        let shares = StepShares.divide(pending, budget: budget)
        var plan = StepPlan()
        for (index, share) in shares.enumerated() where share > 0 {
            guard let slot = order[index].slot else { continue }
            plan.add(order[index], slot: slot, from: fed[index], count: share)
        }
        return plan
    }

    func step(_ plan: StepPlan, on model: any LoadedModel) {
        let started = MonotonicTime.now
        inbox.begin(Inbox.Call(model: model, channels: plan.parts.map(\.generation.channel)))
        do {
            let rows = Result { try model.forward(plan.batch, deadline: options.stepDeadline) }
            inbox.endCall {
                $0.steps += 1
                $0.rows += plan.batch.count
                $0.stepTime.observe(.now - started)
            }
            try take(rows.get(), of: plan)
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
        for (part, outcome) in zip(plan.parts, crew.evaluate(plan.parts, rows)) {
            deliver(outcome, to: part.generation)
        }
    }

    private func deliver(
        _ outcome: Result<SamplingCrew.Outcome, EngineError>, to generation: Generation
    ) {
        switch outcome {
        case .failure(let error):
            end(generation, error)
        case .success(let outcome):
            for info in outcome.scores { echo(info.id, info, of: generation) }
            if outcome.isPromptOnly { return finish(generation, .length) }
            if let choice = outcome.choice { accept(choice, outcome.info, for: generation) }
        }
    }

    private func accept(_ token: Int32, _ info: TokenLogProb?, for generation: Generation) {
        generation.usage.completionTokens += 1
        inbox.record {
            $0.generatedTokens += 1
            if generation.usage.completionTokens == 1 {
                $0.timeToFirstToken.observe(.now - generation.submitted)
            }
        }
        let ends = generation.ends.contains(token)
        if ends, !generation.request.includesStop || facts.endTokens.contains(token) {
            return finish(generation, .stop)
        }
        generation.append(token)
        let piece = generation.output.append(token, info)
        generation.channel.send(piece)
        if let stop = piece.stop {
            finish(generation, .stopString(stop))
        } else if ends {
            finish(generation, .stop)
        } else if generation.generated == generation.limit {
            finish(generation, .length)
        }
    }
}
