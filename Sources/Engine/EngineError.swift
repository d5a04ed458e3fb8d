import PluginHost

/// Why the engine refused a request or ended a stream.
package enum EngineError: Error, Equatable, Sendable {
    /// The queue holds as many requests as it may.
    case overloaded(queued: Int, retryAfter: Duration)
    /// The model cannot serve now: it is restarting, quarantined or gone.
    case unavailable(reason: String, retryAfter: Duration?)
    /// The engine finishes its work and accepts nothing new: a newer revision serves instead.
    case draining
    /// The engine was stopped while the request was queued or running.
    case stopped
    case emptyPrompt
    case promptTooLong(tokens: Int, context: Int)
    /// The source of an encoder-decoder is longer than it reads.
    case sourceTooLong(tokens: Int, limit: Int)
    case unknownToken(Int32, vocabulary: Int)
    case invalidParameter(name: String, reason: String)
    /// The request's deadline passed, or its reader stood still, after this many tokens of output.
    case deadlineExceeded(after: Duration, generated: Int)
    /// The model crashed, hung or refused each time this request was in it.
    case modelFailed(attempts: Int, failure: String)
    /// The same request crashed the model before, and is refused for a while.
    case takesModelDown(retryAfter: Duration)
    /// The model's logits or vectors for this request are not finite numbers.
    case invalidLogits(String)
    /// The model lacks an ability that the engine needs.
    case unsupported(String)
}

extension EngineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .overloaded(let queued, let retryAfter):
            "\(queued) requests are waiting already; retry in \(retryAfter.wholeSeconds) s"
        case .unavailable(let reason, let retryAfter):
            "the model is not available: \(reason)"
                + (retryAfter.map { "; retry in \($0.wholeSeconds) s" } ?? "")
        case .draining:
            "this generation of the model is being replaced; retry at once"
        case .stopped:
            "the model was unloaded while the request was under way"
        case .emptyPrompt:
            "the prompt has no tokens"
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens, the context holds \(context) for prompt and answer; "
                + "shorten the prompt"
        case .sourceTooLong(let tokens, let limit):
            "the text has \(tokens) tokens, the model reads at most \(limit); shorten the text"
        case .unknownToken(let id, let vocabulary):
            "token id \(id) is outside the vocabulary of \(vocabulary) tokens"
        case .invalidParameter(let name, let reason):
            "'\(name)' \(reason)"
        case .deadlineExceeded(let after, let generated):
            "the request took longer than its \(after), with \(generated) tokens of output so far"
        case .modelFailed(let attempts, let failure):
            "the model failed \(attempts == 1 ? "once" : attempts == 2 ? "twice" : "\(attempts) times") "
                + "on this request: \(failure)"
        case .takesModelDown(let retryAfter):
            "the model failed on this same request before, and it is refused for another "
                + "\(retryAfter.wholeSeconds) s, so that others are served; change it, or reload the model "
                + "once its plugin is mended"
        case .invalidLogits(let found):
            "the model returned \(found) where finite numbers were expected"
        case .unsupported(let what):
            "the model does not support \(what)"
        }
    }

    /// How long a client should wait before it sends the same request again; nil: do not.
    package var retryAfter: Duration? {
        switch self {
        case .overloaded(_, let after): after
        case .unavailable(_, let after): after
        case .takesModelDown(let after): after
        case .draining: .zero
        default: nil
        }
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

extension ModelFailure {
    /// A model's failure; models throw only `ModelFailure`.
    init(_ error: any Error) {
        self = error as? ModelFailure ?? .broken(step: "call", reason: String(describing: error))
    }
}

extension Duration {
    /// Seconds, rounded up.
    package var wholeSeconds: Int64 {
        components.seconds + (components.attoseconds > 0 ? 1 : 0)
    }

    /// Seconds with their fraction.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
