import PluginHost

/// A job of a vector loop: the texts of one request, or a task.
class VectorJob: EngineJob, @unchecked Sendable {
    let submitted = MonotonicTime.now
    /// How many texts it counts as in the queue.
    let cost: Int
    var hasBegun = false
    /// The tokens left to process.
    var remaining: Int
    /// Steps since its last one.
    var passedOver = 0
    private let output: any JobOutput

    init(cost: Int, remaining: Int, output: any JobOutput) {
        self.cost = cost
        self.remaining = remaining
        self.output = output
    }

    var isCancelled: Bool { output.isCancelled }
    /// It cannot use a step now.
    var isPaused: Bool { output.isFull }
    var deadline: MonotonicTime? { output.stall }

    func fail(_ error: any Error) {
        output.fail(error)
    }
}

/// A channel, whatever its events are.
protocol JobOutput: Sendable {
    var isCancelled: Bool { get }
    var isFull: Bool { get }
    var stall: MonotonicTime? { get }

    func fail(_ error: any Error)
}

extension JobChannel: JobOutput {}

/// Chooses the next job: the shortest, so that a query does not wait for ten thousand texts; but a
/// job that was passed over for long goes first, so that it is done too. Of several such jobs, the
/// one with the largest product of steps passed over and remaining work is chosen: a long job gets
/// its share however many short ones come, and none waits forever.
///
/// At least every other step goes to the shortest, however many have waited for long.
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
