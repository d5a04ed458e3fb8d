import PluginHost

/// The loop of one text model: the only place that calls its context, on a thread of its own.
///
/// Every turn it lets requests leave and join, fills a step, calls the model once, and samples. It
/// rests without using the processor while there is nothing to do. All state is confined to the
/// thread that runs `run`.
final class Lane: @unchecked Sendable {
    let supervisor: ModelSupervisor
    let facts: TextModel
    let options: EngineOptions
    let inbox: Inbox
    var slots: SequenceSlots
    var waiting: [Generation] = []
    var running: [Generation] = []
    /// The model whose sequences `slots` describes. The supervisor keeps it: what is left of one that has
    /// died goes at once, and not with the next request.
    private weak var model: (any LoadedModel)?
    private var hasHadModel = false
    /// Where the next step begins to share out its rows.
    var turn = 0
    let crew: SamplingCrew

    init(
        supervisor: ModelSupervisor, facts: TextModel, options: EngineOptions, inbox: Inbox
    ) {
        self.supervisor = supervisor
        self.facts = facts
        self.options = options
        self.inbox = inbox
        slots = SequenceSlots(
            count: facts.capabilities.sequences, flags: facts.capabilities.flags)
        crew = SamplingCrew(facts)
    }

    func run() {
        var rest = Inbox.Rest.untilRung(or: nil)
        while let arrivals = inbox.collect(after: rest) {
            waiting += arrivals
            rest = turnOnce() ? .none : .untilRung(or: nextDeadline)
        }
        inbox.laneEnded()
    }

    /// - Returns: whether there is more to do at once.
    private func turnOnce() -> Bool {
        sweep()
        guard !waiting.isEmpty || !running.isEmpty, let model = currentModel() else { return false }
        // A model may have vectors as well, on a lane of their own.
        return supervisor.lane.exclusively {
            guard admit(to: model), readNext(with: model) else { return true }
            let plan = plan()
            guard !plan.parts.isEmpty else { return running.contains(where: isUnread) }
            step(plan, on: model)
            return true
        }
    }

    /// Lets go of requests whose client has left or whose time is up.
    private func sweep() {
        let now = MonotonicTime.now
        for generation in waiting + running {
            if generation.channel.isCancelled {
                cancel(generation)
            } else if let deadline = deadline(of: generation), deadline <= now {
                let after = deadline - generation.submitted
                end(generation, .deadlineExceeded(after: after, generated: generation.generated))
            }
        }
    }

    /// When a request is ended if nothing changes: its own deadline, or its reader's.
    private func deadline(of generation: Generation) -> MonotonicTime? {
        let stall = generation.pausedSince.map { $0 + options.stallLimit }
        return [generation.deadline, generation.isPaused ? stall : nil].compactMap { $0 }.min()
    }

    private var nextDeadline: MonotonicTime? {
        (waiting + running).compactMap(deadline).min()
    }

    /// The model to call; when there is none, nobody is left waiting for it.
    private func currentModel() -> (any LoadedModel)? {
        do {
            let current = try supervisor.current()
            if current !== model {
                if hasHadModel, !running.isEmpty { inbox.record { $0.recoveries += 1 } }
                hasHadModel = true
                model = current
                slots.forgetAll()
            }
            return current
        } catch {
            for generation in waiting + running { end(generation, EngineError(unavailable: error)) }
            return nil
        }
    }
}

// MARK: - Leaving

extension Lane {
    func finish(_ generation: Generation, _ reason: FinishReason) {
        let piece = generation.output.finish()
        generation.channel.send(piece)
        inbox.leave(generation) { $0.finished += 1 }
        generation.channel.finish(
            piece.stop.map { .stopString($0) } ?? reason, generation.usage)
        remove(generation)
    }

    func end(_ generation: Generation, _ error: EngineError) {
        inbox.leave(generation) { $0.failed += 1 }
        generation.channel.fail(error)
        remove(generation)
    }

    private func cancel(_ generation: Generation) {
        inbox.leave(generation) { $0.cancelled += 1 }
        remove(generation)
    }

    /// The model keeps the sequence, for a prompt that begins alike.
    private func remove(_ generation: Generation) {
        if let slot = generation.slot { slots.release(slot) }
        generation.slot = nil
        waiting.removeAll { $0 === generation }
        running.removeAll { $0 === generation }
    }
}

extension EventChannel {
    func send(_ piece: OutputText.Piece) {
        if !piece.isEmpty { send(piece.text, tokens: piece.tokens, count: piece.count) }
    }
}

extension EngineError {
    /// - Parameter error: what `ModelSupervisor.current` threw.
    init(unavailable error: any Error) {
        if case .unavailable(let reason, let retryAfter) = error as? ModelFailure {
            self = .unavailable(reason: reason, retryAfter: retryAfter)
        } else {
            self = .unavailable(reason: String(describing: error), retryAfter: nil)
        }
    }
}
