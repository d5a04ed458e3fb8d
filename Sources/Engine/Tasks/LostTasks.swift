import PluginHost

/// Tasks that ended with the model in the middle of their events, where they cannot be tried again. When the same
/// task comes anew, its earlier failures count with those that follow.
struct LostTasks {
    private struct Loss {
        var failures = 0
        var last: MonotonicTime
    }

    /// Tasks that are remembered at a time, and for how long.
    private static let limit = 256
    private static let memory = Duration.seconds(300)

    private var losses: [Int: Loss] = [:]

    /// How often a task has taken the model down in earlier runs, as far as is remembered.
    func failures(of task: TaskRun) -> Int {
        guard !losses.isEmpty, let loss = losses[task.fingerprint] else { return 0 }
        return .now - loss.last < Self.memory ? loss.failures : 0
    }

    mutating func add(_ task: TaskRun) {
        let failures = failures(of: task) + task.failures
        if losses.count >= Self.limit,
            let oldest = losses.min(by: { $0.value.last < $1.value.last })
        {
            losses[oldest.key] = nil
        }
        losses[task.fingerprint] = Loss(failures: failures, last: .now)
    }

    /// The task got to its end, or is refused from here on.
    mutating func forget(_ task: TaskRun) {
        if !losses.isEmpty { losses[task.fingerprint] = nil }
    }
}
