import JSON
import PluginHost

/// A task from its submission to its end.
final class TaskJob: VectorJob, @unchecked Sendable {
    let name: String
    /// JSON.
    let input: [UInt8]
    let events: JobChannel<JSONValue>
    /// What the model calls it, once begun.
    var id: JobID?
    var silence = Silence()
    /// Failures of the model during this task, and when the first of those calls began.
    var failures = 0
    var since: MonotonicTime?
    /// Whether its reader has got, or may get, an event: then it cannot be started again.
    var hasEvents = false

    /// - Parameter remaining: that of one step of texts, since a task's cost is unknown.
    init(_ name: String, input: [UInt8], events: JobChannel<JSONValue>, remaining: Int) {
        self.name = name
        self.input = input
        self.events = events
        super.init(cost: 1, remaining: remaining, output: events)
    }

    var fingerprint: Int { Fingerprint.of("task", name, input) }
}

extension JSONValue: JobEvent {}

/// How long a task has been idle: no event, and no progress.
struct Silence {
    /// Steps that returned at once, and the total time of all.
    private var idle = 0
    private var time = Duration.zero
    private var step = 0

    /// Takes account of a step.
    ///
    /// - Returns: what is wrong with the task; nil while it may continue.
    mutating func observe(
        _ progress: JobProgress, in time: Duration, _ options: EngineOptions
    ) -> String? {
        guard progress.events.isEmpty, progress.step == step, !progress.done else {
            self = Silence()
            step = progress.step
            return nil
        }
        self.time += time
        idle += time < options.taskSlice / 2 ? 1 : 0
        if idle >= options.idleSlices {
            return "no event, no progress and no end in \(idle) calls that came to nothing"
        }
        return self.time >= options.silenceLimit
            ? "no event, no progress and no end in \(self.time.components.seconds) seconds" : nil
    }
}

/// Tasks that ended with the model after their first event, when they could not be retried. If the
/// same task is submitted again, its earlier failures count.
struct LostTasks {
    struct Loss {
        var failures: Int
        /// When the first failed call began.
        var since: MonotonicTime
        fileprivate var last: MonotonicTime
    }

    /// How many tasks are remembered, and for how long.
    private static let limit = 256
    private static let memory = Duration.seconds(300)

    private var losses: [Int: Loss] = [:]

    /// The failures of a task's earlier runs that are still remembered.
    func loss(of task: TaskJob) -> Loss? {
        guard !losses.isEmpty, let loss = losses[task.fingerprint] else { return nil }
        return .now - loss.last < Self.memory ? loss : nil
    }

    /// - Parameter since: when the first failed call of this run began.
    mutating func add(_ task: TaskJob, since: MonotonicTime) {
        let earlier = loss(of: task)
        let oldest = losses.min { $0.value.last < $1.value.last }
        if losses.count >= Self.limit, let oldest { losses[oldest.key] = nil }
        losses[task.fingerprint] = Loss(
            failures: task.failures + (earlier?.failures ?? 0), since: earlier?.since ?? since,
            last: .now)
    }

    /// The task has finished, or is refused from now on.
    mutating func forget(_ task: TaskJob) {
        if !losses.isEmpty { losses[task.fingerprint] = nil }
    }
}
