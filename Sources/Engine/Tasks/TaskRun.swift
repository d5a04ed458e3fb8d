import PluginHost

/// A task from its submission to its end. After the submission only the lane's thread touches it.
final class TaskRun: LaneJob, @unchecked Sendable {
    let name: String
    /// JSON.
    let input: [UInt8]
    let channel: TaskChannel
    let submitted = MonotonicTime.now
    /// As much as a step of texts: what a task takes is not known.
    let remaining: Int
    var texts: Int { 1 }
    var passedOver = 0
    var hasBegun = false
    /// What the model calls it, once begun.
    var id: TaskID?
    var silence = Silence()
    /// Failures of the model while it was at this task, and when the first of those calls began.
    var failures = 0
    var since: MonotonicTime?
    /// Whether its reader has got, or may get, an event: it cannot be begun anew then.
    var hasEvents = false

    init(_ name: String, input: [UInt8], channel: TaskChannel, remaining: Int) {
        self.name = name
        self.input = input
        self.channel = channel
        self.remaining = remaining
    }

    var fingerprint: Int { Fingerprint.of("task", name, input) }

    var isCancelled: Bool { channel.isCancelled }
    var isPaused: Bool { channel.pausedSince != nil }

    func fail(_ error: any Error) {
        channel.fail(error)
    }

    /// When it is ended if its reader goes on standing still.
    func stall(_ options: VectorEngineOptions) -> MonotonicTime? {
        channel.pausedSince.map { $0 + options.stallLimit }
    }
}

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
        _ progress: TaskProgress, in time: Duration, _ options: VectorEngineOptions
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
