/// When a model that died is started again.
package struct RestartPolicy: Sendable {
    /// The pause before the first restart; it doubles with every further one.
    package var initialDelay: Duration = .milliseconds(100)
    package var maximumDelay: Duration = .seconds(10)
    /// A model that lived this long begins again with the initial delay.
    package var healthyAfter: Duration = .seconds(60)
    /// This many failures within the window are a crash loop.
    package var failureLimit = 3
    package var failureWindow: Duration = .seconds(60)
    /// How long a quarantine lasts.
    package var quarantine: Duration = .seconds(60)
    /// How long a request that crashed the model is refused.
    package var refusal: Duration = .seconds(300)
    /// This many failures within the window quarantine the model too, even if requests are to blame
    /// for them.
    package var blameLimit = 20

    package init() {}
}

/// The failures of one revision so far, and what follows from the next.
package struct RestartHistory: Sendable {
    package enum Verdict: Sendable, Equatable {
        case restart(after: Duration)
        case quarantine(until: MonotonicTime)
    }

    private let policy: RestartPolicy
    private var failures: [MonotonicTime] = []
    /// Failures that requests are to blame for.
    private var blamed: [MonotonicTime] = []
    private var delay: Duration

    package init(policy: RestartPolicy) {
        self.policy = policy
        delay = policy.initialDelay
    }

    /// - Parameter lived: how long the model had served; zero when it never did.
    package mutating func recordFailure(at now: MonotonicTime, lived: Duration) -> Verdict {
        forgetOld(at: now)
        failures.append(now)
        if isCrashLoop { return .quarantine(until: now + policy.quarantine) }
        if lived >= policy.healthyAfter { delay = policy.initialDelay }
        defer { delay = min(delay * 2, policy.maximumDelay) }
        return .restart(after: delay)
    }

    /// A failure blamed on one request says nothing about the model, which restarts at once.
    package mutating func recordBlamedFailure(at now: MonotonicTime) -> Verdict {
        forgetOld(at: now)
        blamed.append(now)
        return isCrashLoop ? .quarantine(until: now + policy.quarantine) : .restart(after: .zero)
    }

    /// Removes the failures of a period for which a request turned out to be to blame.
    package mutating func forgive(_ time: ClosedRange<MonotonicTime>) {
        failures.removeAll(where: time.contains)
        delay = policy.initialDelay
    }

    /// The quarantine is over: earlier failures no longer count.
    package mutating func beginAnew() {
        self = RestartHistory(policy: policy)
    }

    /// Whether the model should be quarantined.
    private var isCrashLoop: Bool {
        failures.count >= policy.failureLimit || blamed.count >= policy.blameLimit
    }

    private mutating func forgetOld(at now: MonotonicTime) {
        failures.removeAll { now - $0 >= policy.failureWindow }
        blamed.removeAll { now - $0 >= policy.failureWindow }
    }
}

// MARK: - Requests that are to blame

/// A request that crashed a model, as an engine found out.
package struct Blame: Sendable {
    /// Identifies the request; its content cannot be recovered from it.
    package let fingerprint: Int
    /// The beginning of the first call that failed with the request in it.
    package let since: MonotonicTime

    package init(_ fingerprint: Int, since: MonotonicTime) {
        self.fingerprint = fingerprint
        self.since = since
    }
}

/// The requests that crashed a model, as long as they are refused.
struct BlamedRequests {
    /// The most requests remembered at a time.
    private static let limit = 1024

    private var ends: [Int: MonotonicTime] = [:]

    var isEmpty: Bool { ends.isEmpty }

    mutating func add(_ fingerprint: Int, until end: MonotonicTime) {
        if ends.count >= Self.limit, let oldest = ends.min(by: { $0.value < $1.value }) {
            ends[oldest.key] = nil
        }
        ends[fingerprint] = end
    }

    /// How much longer a request is refused; nil if it is not.
    mutating func refusal(of fingerprint: Int, at now: MonotonicTime) -> Duration? {
        guard let end = ends[fingerprint] else { return nil }
        if end > now { return end - now }
        ends[fingerprint] = nil
        return nil
    }
}
