import PluginHost

/// Tasks that ended with the model in the middle of their events, where they cannot be tried again. When the same
/// task comes anew, its earlier failures count with those that follow.
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
    func loss(of task: TaskRun) -> Loss? {
        guard !losses.isEmpty, let loss = losses[task.fingerprint] else { return nil }
        return .now - loss.last < Self.memory ? loss : nil
    }

    /// - Parameter since: when the first call of this run began that failed.
    mutating func add(_ task: TaskRun, since: MonotonicTime) {
        let earlier = loss(of: task)
        let oldest = losses.min { $0.value.last < $1.value.last }
        if losses.count >= Self.limit, let oldest { losses[oldest.key] = nil }
        losses[task.fingerprint] = Loss(
            failures: task.failures + (earlier?.failures ?? 0), since: earlier?.since ?? since,
            last: .now)
    }

    /// The task got to its end, or is refused from here on.
    mutating func forget(_ task: TaskRun) {
        if !losses.isEmpty { losses[task.fingerprint] = nil }
    }
}
