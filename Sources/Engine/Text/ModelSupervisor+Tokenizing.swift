import PluginHost

extension ModelSupervisor {
    /// Makes the model tokenize a request's texts, again if that crashes it, and refuses for a
    /// while what crashes it each time.
    ///
    /// The first attempt runs beside other calls, any of which may be the one that crashes the
    /// model. Each further one runs alone, so that no request is blamed for another's text.
    ///
    /// - Parameters:
    ///   - fingerprint: of all that `call` gives the model.
    ///   - input: what the caller names the texts.
    func tokenizing<Value>(
        _ fingerprint: @autoclosure () -> Int, input: String, retries: Int,
        _ call: (any LoadedModel) throws -> Value
    ) throws(EngineError) -> Value {
        try check(fingerprint())
        let started = MonotonicTime.now
        var attempt = 1
        while true {
            let isLast = attempt > retries
            let outcome = inTurn(alone: attempt > 1 || isLast) {
                tokenizeOnce(call, blaming: isLast ? Blame(fingerprint(), since: started) : nil)
            }
            switch outcome {
            case .success(let value): return value
            case .failure(.unavailable(let error)): throw EngineError(unavailable: error)
            case .failure(.failed(let failure)):
                guard failure.isFatal, !isLast else {
                    throw EngineError(tokenizing: failure, input: input, attempts: attempt)
                }
            }
            attempt += 1
        }
    }

    private func inTurn<Value>(alone: Bool, _ body: () -> Value) -> Value {
        guard alone else { return tokenization.shared(body) }
        return turn.exclusively { tokenization.exclusively(body) }
    }

    private enum TokenizingFailure: Error {
        /// There is no model to ask.
        case unavailable(any Error)
        case failed(ModelFailure)
    }

    /// - Parameter blame: the request, if a model that is lost here is its fault.
    private func tokenizeOnce<Value>(
        _ call: (any LoadedModel) throws -> Value, blaming blame: @autoclosure () -> Blame?
    ) -> Result<Value, TokenizingFailure> {
        let loaded: any LoadedModel
        do { loaded = try current() } catch { return .failure(.unavailable(error)) }
        do {
            return .success(try call(loaded))
        } catch {
            let failure = ModelFailure(error)
            if failure.isFatal { discard(loaded, because: failure, blaming: blame()) }
            return .failure(.failed(failure))
        }
    }
}

extension EngineError {
    fileprivate init(tokenizing failure: ModelFailure, input: String, attempts: Int) {
        if case .refused(.argument, _, let message) = failure {
            self = .invalidParameter(name: input, reason: "cannot be tokenized: \(message)")
        } else {
            self = .modelFailed(attempts: attempts, failure: String(describing: failure))
        }
    }
}

/// Identifies a request by what the model gets to see of it; its content cannot be recovered.
enum Fingerprint {
    /// - Parameter parts: the kind of the request among them.
    static func of(_ parts: any Hashable...) -> Int {
        var hasher = Hasher()
        for part in parts { part.hash(into: &hasher) }
        return hasher.finalize()
    }
}

extension ModelSupervisor {
    /// Refuses a request that took the model down not long ago.
    func check(_ fingerprint: @autoclosure () -> Int) throws(EngineError) {
        if let wait = refusal(of: fingerprint) { throw .takesModelDown(retryAfter: wait) }
    }
}
