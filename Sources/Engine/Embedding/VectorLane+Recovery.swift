import PluginHost

extension VectorLane {
    /// After a call that failed: its texts go again, each alone, so that one that takes the model down is
    /// found and the others get past it.
    ///
    /// - Parameter started: when the step began.
    func recover(
        from failure: ModelFailure, in step: TextStep, since started: MonotonicTime,
        on model: any LoadedModel
    ) {
        var step = step
        for index in step.parts.indices {
            step.parts[index].piece.failures += 1
            step.parts[index].piece.since = step.parts[index].piece.since ?? started
        }
        let suspect = step.parts.count == 1 ? step.parts[0] : nil
        if failure.isFatal {
            let blame = suspect.flatMap { part -> Blame? in
                guard part.piece.failures > options.retries else { return nil }
                return Blame(part.piece.fingerprint(step.kind), since: part.piece.since ?? started)
            }
            lose(model, because: failure, blaming: blame)
        }
        for part in step.parts { part.job.suspect(part.piece) }
        if let suspect { blame(suspect.job, suspect.piece, failure) }
    }

    /// A text that failed alone more often than it may ends its request, and so does one that the model
    /// will never take.
    private func blame(_ job: TextJob, _ piece: TextJob.Piece, _ failure: ModelFailure) {
        if case .refused(let code, let flags, let message) = failure,
            code == .argument || code == .unsupported, !flags.contains(.retryable)
        {
            return end(job, .invalidParameter(name: "input", reason: "is refused: \(message)"))
        }
        if piece.failures > options.retries {
            let place = job.texts > 1 ? "at text \(piece.places[0]): " : ""
            end(job, .modelFailed(attempts: piece.failures, failure: "\(place)\(failure)"))
        }
    }
}
