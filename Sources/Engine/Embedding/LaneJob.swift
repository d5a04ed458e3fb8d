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
/// that was passed over for long goes first, so that those are done too. Of several such it is the one
/// for which steps it was passed over times what it has left is most: a long job has its share however
/// many short ones come, and none waits for ever.
///
/// Every other step at least belongs to the shortest, however many have waited for long.
package struct Turns {
    /// Steps after which a job that was passed over goes first.
    package static let patience = 4

    private var wentByAge = false

    package init() {}

    /// - Parameter jobs: in order of arrival.
    /// - Returns: the index of the job whose turn it is; nil without jobs.
    package mutating func next(of jobs: [(remaining: Int, passedOver: Int)]) -> Int? {
        let patient = jobs.indices.filter { jobs[$0].passedOver >= Self.patience }
        let waited = jobs.map { $0.passedOver * $0.remaining }
        if !wentByAge, let first = patient.max(by: { (waited[$0], $1) < (waited[$1], $0) }) {
            wentByAge = true
            return first
        }
        wentByAge = false
        return jobs.indices.min { left, right in
            (jobs[left].remaining, -jobs[left].passedOver, left)
                < (jobs[right].remaining, -jobs[right].passedOver, right)
        }
    }
}
