import PluginABI

/// The tasks of a context that are under way.
struct Jobs {
    struct Job {
        let pointer: OpaquePointer
        /// Done or failed: only its end may follow.
        var isOver = false
    }

    static let limit = 256
    var running: [TaskID: Job] = [:]
}

extension ModelInstance {
    func beginTask(
        _ name: String, input: [UInt8], as id: TaskID, _ call: LaneCall
    ) throws {
        guard let begin = task?.begin else {
            throw ModelFailure.unsupported("the model has no tasks")
        }
        guard jobs.running.count < Jobs.limit else {
            throw ModelFailure.refused(
                code: .busy, flags: .retryable, message: "\(Jobs.limit) tasks are under way already"
            )
        }
        var job: OpaquePointer?
        try name.withPluginString { name in
            try input.withPluginBytes { input in
                try callPlugin(
                    .beginTask, trace: call.trace, cancel: call.cancel, deadline: call.deadline
                ) { begin(context, name, input, &job, $0) }
            }
        }
        jobs.running[id] = Jobs.Job(
            pointer: try require(job, "the job of a successful begin", in: .beginTask))
    }

    func advanceTask(_ id: TaskID, for limit: Duration, _ call: LaneCall) throws -> TaskProgress {
        guard let advance = task?.advance, let job = jobs.running[id], !job.isOver else {
            throw ModelFailure.argument("task \(id.rawValue) is not under way")
        }
        jobs.running[id]?.isOver = true
        var progress = roost_progress()
        progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
        let milliseconds = UInt32(limit.milliseconds)
        let output = try OutputSink.collect(.advanceTask, limit: AdvanceTaskCall.eventLimit) {
            sink in
            try callPlugin(
                .advanceTask, trace: call.trace, cancel: call.cancel, deadline: call.deadline
            ) { advance(job.pointer, milliseconds, sink, &progress, $0) }
        }
        let events = try lines(output)
        jobs.running[id]?.isOver = progress.done != 0
        return TaskProgress(
            events: events, done: progress.done != 0, step: Int(progress.step),
            of: progress.of == 0 ? nil : Int(progress.of))
    }

    func endTask(_ id: TaskID, trace: CallTrace) throws {
        guard let end = task?.end, let job = jobs.running.removeValue(forKey: id) else {
            throw ModelFailure.argument("task \(id.rawValue) is not under way")
        }
        trace.during(.endTask) { end(job.pointer) }
    }

    func endAllTasks(trace: CallTrace) {
        for id in jobs.running.keys { try? endTask(id, trace: trace) }
    }

    private func lines(_ output: [UInt8]) throws -> [[UInt8]] {
        guard output.isEmpty || output.last == UInt8(ascii: "\n") else {
            throw ModelFailure.broken(
                step: CallStep.advanceTask.name,
                reason: "the last event is cut off: it does not end with a line break")
        }
        let events = output.split(separator: UInt8(ascii: "\n"))
        guard events.count <= WireReader.mostElements else {
            throw ModelFailure.broken(
                step: CallStep.advanceTask.name,
                reason: "\(events.count) events, expected at most \(WireReader.mostElements)")
        }
        return events.map(Array.init)
    }
}

extension [UInt8] {
    /// Lends the bytes, which are a text, to a plugin for the duration of `body`.
    fileprivate func withPluginBytes<Result>(
        _ body: (roost_str) throws -> Result
    ) rethrows -> Result {
        try withUnsafeBytes { bytes in
            try body(
                roost_str(
                    ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                    len: UInt64(bytes.count)))
        }
    }
}
