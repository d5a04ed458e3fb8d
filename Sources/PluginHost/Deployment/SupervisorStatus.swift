/// The state of a revision's model, for admin routes.
package struct SupervisorStatus: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case idle
        /// - Parameter processID: of the worker; nil in-process.
        case running(processID: Int32?)
        case restarting
        case quarantined(retryAfter: Duration, reason: String)
        case stopped
    }

    package var state: State
    package var restarts: Int
    package var lastFailure: String?
    /// The end of the output of the worker that died last.
    package var lastOutput: String?
}

/// What happens to a revision's model, for logs and event streams.
package enum SupervisorEvent: Sendable, Equatable {
    case started(processID: Int32?)
    case failed(ModelFailure)
    case restarting(after: Duration)
    case quarantined(retryAfter: Duration, reason: String)
}

extension SupervisorEvent: CustomStringConvertible {
    package var description: String {
        switch self {
        case .started(let processID):
            processID.map { "runs in process \($0)" } ?? "runs in the host"
        case .failed(let failure): String(describing: failure)
        case .restarting(let delay): "starts again in \(delay.rounded)"
        case .quarantined(let retryAfter, let reason):
            "keeps failing and rests for \(retryAfter.rounded); it last failed because \(reason)"
        }
    }

    var level: LogLevel {
        switch self {
        case .started: .info
        case .restarting: .warning
        case .failed, .quarantined: .error
        }
    }
}
