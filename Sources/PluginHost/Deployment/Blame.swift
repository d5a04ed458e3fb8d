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
