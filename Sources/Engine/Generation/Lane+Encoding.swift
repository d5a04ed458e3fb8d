import PluginHost

/// What an encoder-decoder reads before it writes.
extension Lane {
    /// Whether the request's sequence has yet to read its source.
    func isUnread(_ generation: Generation) -> Bool {
        guard let slot = generation.slot else { return false }
        return slots[slot].source != generation.request.source
    }

    /// Lets the model read one source; those that write get their step before it reads the next.
    ///
    /// - Returns: false when the model was lost.
    func readNext(with model: any LoadedModel) -> Bool {
        guard let next = running.first(where: isUnread), let slot = next.slot,
            let source = next.request.source
        else { return true }
        let started = MonotonicTime.now
        inbox.begin(Inbox.Call(model: model, channels: [next.channel]))
        defer { inbox.endCall { _ in } }
        do {
            try model.encode(source, into: slot, deadline: options.stepDeadline)
            slots.read(source, for: slot)
            return true
        } catch {
            return recover(from: ModelFailure(error), of: next, since: started, on: model)
        }
    }

    /// The sequence is as empty as it was. The request is held to have got past this place once the model
    /// has taken its first token.
    ///
    /// - Returns: false when the model was lost.
    private func recover(
        from failure: ModelFailure, of generation: Generation, since started: MonotonicTime,
        on model: any LoadedModel
    ) -> Bool {
        generation.suspicion.add(failureAt: 1, since: started)
        if failure.isFatal { lose(model, because: failure, at: generation) }
        judge(generation, failure)
        return !failure.isFatal
    }
}
