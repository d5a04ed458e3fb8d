/// What a vector engine has done since it started, and does now.
package struct VectorStatistics: Sendable {
    /// Requests and tasks under way or waiting.
    package var open = 0
    package var accepted = 0
    package var refused = 0
    package var finished = 0
    package var cancelled = 0
    package var failed = 0
    /// Texts that the model computed, and their tokens.
    package var texts = 0
    package var tokens = 0
    /// Calls of the model for texts, and slices of tasks.
    package var steps = 0
    package var taskSteps = 0
    /// Times that the model was lost and what it was at was begun anew.
    package var recoveries = 0
    /// Texts that were answered from the cache, and those that were not.
    package var cacheHits = 0
    package var cacheMisses = 0
    package var cacheEntries = 0
    package var cacheBytes = 0
    /// Seconds from submission to the first step.
    package var queueTime = Histogram()
    /// Seconds from submission to the answer.
    package var requestTime = Histogram()
    /// Seconds per step.
    package var stepTime = Histogram()

    package init() {}
}
