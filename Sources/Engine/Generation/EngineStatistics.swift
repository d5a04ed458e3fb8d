/// What a text engine has done since it started, and does now.
package struct EngineStatistics: Sendable {
    package var running = 0
    package var waiting = 0
    package var accepted = 0
    package var refused = 0
    package var finished = 0
    package var cancelled = 0
    package var failed = 0
    /// Prompt tokens of accepted requests.
    package var promptTokens = 0
    /// Prompt tokens that were found in a retained or living sequence.
    package var cachedTokens = 0
    /// Requests that found such a prefix.
    package var prefixHits = 0
    package var generatedTokens = 0
    /// Calls of `forward`, and rows in them.
    package var steps = 0
    package var rows = 0
    /// Times that the model was lost and its sequences were fed again.
    package var recoveries = 0
    /// Seconds from submission to a place in the batch.
    package var queueTime = Histogram()
    /// Seconds from submission to the first token.
    package var timeToFirstToken = Histogram()
    /// Seconds per step.
    package var stepTime = Histogram()

    package init() {}
}

/// Counts of durations in seconds, in the form Prometheus wants.
package struct Histogram: Sendable {
    package static let bounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]
    /// Observations at or below each bound, and at the end those above all: not cumulative.
    package private(set) var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
    package private(set) var sum = 0.0
    package var count: Int { counts.reduce(0, +) }

    package init() {}

    package mutating func observe(_ duration: Duration) {
        let seconds = duration.inSeconds
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }
}
