import PluginABI

/// `roost.task/1`
enum TaskTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_task(
            struct_size: structSize(roost_ext_task.self), reserved: 0, list_json: listTasks,
            begin: beginTask, advance: advanceTask, end: endTask))
}

/// What a `roost_job` points to. Keeps its context.
private final class JobBox {
    let context: ContextBox
    let job: any TaskJob
    /// Done or failed: no further step.
    var isOver = false

    init(_ job: any TaskJob, in context: ContextBox) {
        self.job = job
        self.context = context
    }
}

private func listTasks(
    model: OpaquePointer?, out: roost_sink, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { _ in
        let tasks = try model.box(ModelBox.self, "model").tasks
        try Sink(out).put("[" + tasks.map(\.json).joined(separator: ", ") + "]")
    }
}

private func beginTask(
    context: OpaquePointer?, task: roost_str, input: roost_str,
    out: UnsafeMutablePointer<OpaquePointer?>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try context.box(ContextBox.self, "context")
        guard let tasks = box.tasks else {
            throw PluginError(.unsupported, "the model has no tasks")
        }
        guard let out else {
            throw PluginError(.argument, "the place for the job is null")
        }
        let name = try task.string("task")
        let known = box.model.tasks.map(\.name)
        guard known.contains(name) else {
            throw PluginError(
                .argument, "no task '\(name)', expected \(known.joined(separator: ", "))")
        }
        let input = Array(try input.string("json_in").utf8)
        let job = try box.lane { try tasks.begin(task: name, input: input, call: call) }
        out.pointee = OpaquePointer(owning: JobBox(job, in: box))
    }
}

private func advanceTask(
    job: OpaquePointer?, limit: UInt32, out: roost_sink,
    progress: UnsafeMutablePointer<roost_progress>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try job.box(JobBox.self, "job")
        let sink = try Sink(out)
        guard !box.isOver else {
            throw PluginError(.argument, "the task is over; only end may follow")
        }
        box.isOver = true
        let found = try box.context.lane {
            try box.job.advance(for: .milliseconds(Int64(limit)), call: call)
        }
        try sink.put(try lines(found.events))
        let state = roost_progress(
            struct_size: structSize(roost_progress.self), done: found.done ? 1 : 0,
            step: UInt32(clamping: found.step), of: UInt32(clamping: found.of ?? 0))
        try fill(progress, "roost_progress", size: \.struct_size, with: state)
        box.isOver = found.done
    }
}

private func lines(_ events: [String]) throws -> String {
    if events.contains(where: { $0.utf8.contains(UInt8(ascii: "\n")) }) {
        throw PluginError(.internal, "an event of the task has a line break")
    }
    return events.map { $0 + "\n" }.joined()
}

private func endTask(job: OpaquePointer?) {
    job?.release(JobBox.self)
}
