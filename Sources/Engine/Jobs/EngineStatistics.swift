/// What an engine has done since it started, and is doing now.
package struct EngineStatistics: Sendable {
    // MARK: Jobs

    /// Jobs in the batch, or that have had a step; and jobs that wait.
    package var running = 0
    package var waiting = 0
    package var accepted = 0
    package var refused = 0
    package var finished = 0
    package var cancelled = 0
    package var failed = 0
    /// Calls of the model that advanced jobs.
    package var steps = 0
    /// How often the model was lost with jobs in progress, which were resumed or restarted.
    package var recoveries = 0
    /// Seconds from submission to the place in the batch, or the first step.
    package var queueTime = Histogram()
    /// Seconds from submission to the end.
    package var jobTime = Histogram()
    /// Seconds per step.
    package var stepTime = Histogram()

    // MARK: Text

    /// Prompt tokens of accepted requests.
    package var promptTokens = 0
    /// Prompt tokens that were found in a retained or living sequence.
    package var cachedTokens = 0
    /// Requests that found such a prefix.
    package var prefixHits = 0
    package var generatedTokens = 0
    /// Tokens of guesses that the model has read, and those of them that were right.
    package var guessedTokens = 0
    package var rightGuesses = 0
    /// Seconds from submission to the first token.
    package var timeToFirstToken = Histogram()

    // MARK: Vectors and tasks

    /// Texts that the model computed, and their tokens.
    package var texts = 0
    package var tokens = 0
    /// Slices of tasks.
    package var taskSteps = 0
    /// Texts that were answered from the cache, and those that were not.
    package var cacheHits = 0
    package var cacheMisses = 0
    package var cacheEntries = 0
    package var cacheBytes = 0

    // MARK: Images

    package var images = 0
    package var previews = 0

    package init() {}

    /// Jobs that have not ended.
    package var open: Int { running + waiting }
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
