import PluginHost

extension VectorLane {
    /// After a call that failed: its texts go again, each alone, so that one that takes the model down is
    /// found and the others get past it.
    func recover(from failure: ModelFailure, in step: TextStep, on model: any LoadedModel) {
        if failure.isFatal { lose(model, because: failure) }
        for part in step.parts {
            var piece = part.piece
            piece.failures += 1
            part.job.suspect(piece)
            if step.parts.count == 1 { blame(part.job, piece, failure) }
        }
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
