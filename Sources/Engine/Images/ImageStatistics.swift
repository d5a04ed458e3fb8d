/// What an image engine has done since it started, and does now.
package struct ImageStatistics: Sendable {
    /// Requests under way or waiting.
    package var open = 0
    package var accepted = 0
    package var refused = 0
    package var finished = 0
    package var cancelled = 0
    package var failed = 0
    /// Pictures that were made.
    package var pictures = 0
    package var steps = 0
    package var previews = 0
    /// Times that the model was lost and what it was at was begun anew.
    package var recoveries = 0
    /// Seconds from submission to the first step.
    package var queueTime = Histogram()
    /// Seconds from submission to the last picture.
    package var requestTime = Histogram()
    /// Seconds per step.
    package var stepTime = Histogram()

    package init() {}
}
