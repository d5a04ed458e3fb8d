import JSON
import PluginHost

/// A task from its submission to its end.
final class TaskJob: VectorJob, @unchecked Sendable {
    let name: String
    /// JSON.
    let input: [UInt8]
    let events: JobChannel<JSONValue>
    /// What the model calls it, once begun.
    var id: TaskID?
    var silence = Silence()
    /// Failures of the model while it was at this task, and when the first of those calls began.
    var failures = 0
    var since: MonotonicTime?
    /// Whether its reader has got, or may get, an event: it cannot be begun anew then.
    var hasEvents = false

    /// - Parameter remaining: as much as a step of texts: what a task takes is not known.
    init(_ name: String, input: [UInt8], events: JobChannel<JSONValue>, remaining: Int) {
        self.name = name
        self.input = input
        self.events = events
        super.init(cost: 1, remaining: remaining, output: events)
    }

    var fingerprint: Int { Fingerprint.of("task", name, input) }
}

extension JSONValue: JobEvent {}

/// How long a task has come to nothing: no event, and no progress.
struct Silence {
    /// Steps that returned at once, and the time that all took.
    private var idle = 0
    private var time = Duration.zero
    private var step = 0

    /// Takes account of a step.
    ///
    /// - Returns: what is wrong with the task; nil as long as it may go on.
    mutating func observe(
        _ progress: TaskProgress, in time: Duration, _ options: EngineOptions
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

/// Tasks that ended with the model in the middle of their events, where they cannot be tried again. When
/// the same task comes anew, its earlier failures count with those that follow.
struct LostTasks {
    struct Loss {
        var failures: Int
        /// When the first call began that failed.
        var since: MonotonicTime
        fileprivate var last: MonotonicTime
    }

    /// Tasks that are remembered at a time, and for how long.
    private static let limit = 256
    private static let memory = Duration.seconds(300)

    private var losses: [Int: Loss] = [:]

    /// The failures of a task's earlier runs, as far as they are remembered.
    func loss(of task: TaskJob) -> Loss? {
        guard !losses.isEmpty, let loss = losses[task.fingerprint] else { return nil }
        return .now - loss.last < Self.memory ? loss : nil
    }

    /// - Parameter since: when the first call of this run began that failed.
    mutating func add(_ task: TaskJob, since: MonotonicTime) {
        let earlier = loss(of: task)
        let oldest = losses.min { $0.value.last < $1.value.last }
        if losses.count >= Self.limit, let oldest { losses[oldest.key] = nil }
        losses[task.fingerprint] = Loss(
            failures: task.failures + (earlier?.failures ?? 0), since: earlier?.since ?? since,
            last: .now)
    }

    /// The task got to its end, or is refused from here on.
    mutating func forget(_ task: TaskJob) {
        if !losses.isEmpty { losses[task.fingerprint] = nil }
    }
}
