import PluginHost

/// Something that waits for its turns on a vector lane: the texts of one request, or a task.
protocol LaneJob: AnyObject, Sendable {
    var submitted: MonotonicTime { get }
    /// Texts that it counts for in the queue.
    var texts: Int { get }
    /// Tokens that are left to do.
    var remaining: Int { get }
    /// Steps since it last had one.
    var passedOver: Int { get set }
    /// Whether it has had a step.
    var hasBegun: Bool { get set }
    /// Nobody waits for it any more.
    var isCancelled: Bool { get }
    /// A step would be of no use now.
    var isPaused: Bool { get }

    func fail(_ error: any Error)
}

/// Whose turn it is: the shortest job's, so that a query does not wait for ten thousand texts; but one
/// that was passed over for long goes first, so that those are done too.
///
/// Every other step at least belongs to the shortest, however many have waited for long.
struct Turns {
    /// Steps after which a job that was passed over goes first.
    static let patience = 4

    private var wentByAge = false

    /// - Parameter jobs: in order of arrival.
    /// - Returns: the index of the job whose turn it is; nil without jobs.
    mutating func next(of jobs: [(remaining: Int, passedOver: Int)]) -> Int? {
        let oldest = jobs.indices.max {
            (jobs[$0].passedOver, $1) < (jobs[$1].passedOver, $0)
        }
        if let oldest, jobs[oldest].passedOver >= Self.patience, !wentByAge {
            wentByAge = true
            return oldest
        }
        wentByAge = false
        return jobs.indices.min { (jobs[$0].remaining, $0) < (jobs[$1].remaining, $1) }
    }
}
