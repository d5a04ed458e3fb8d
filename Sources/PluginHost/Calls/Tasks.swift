import PluginABI
import Synchronization

/// The host's number of a task in progress.
package struct TaskID: Hashable, Sendable {
    package private(set) var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    private static let last = Atomic<UInt64>(0)

    /// Never given before.
    static var next: TaskID { TaskID(rawValue: last.add(1, ordering: .relaxed).newValue) }
}

/// What a task did in one `advance`.
package struct TaskProgress: Sendable, Equatable {
    /// Supposedly one JSON object each; unchecked.
    package var events: [[UInt8]]
    package var done: Bool
    package var step: Int
    /// The number of steps; nil when unknown.
    package var of: Int?

    package init(events: [[UInt8]] = [], done: Bool, step: Int = 0, of: Int? = nil) {
        self.events = events
        self.done = done
        self.step = step
        self.of = of
    }
}

/// The tasks in progress of a context.
struct TaskJobs {
    struct Job {
        let pointer: OpaquePointer
        /// Done or failed: only its end may follow.
        var isOver = false
    }

    fileprivate static let limit = 256
    fileprivate(set) var running: [TaskID: Job] = [:]
}

package struct BeginTaskCall: ModelCall {
    package static let step = CallStep.beginTask
    package var id: TaskID
    package var name: String
    package var input: [UInt8]

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id, &name, &input) }

    package func check(on host: HostSide) throws {
        let known = host.description.tasks.map(\.name)
        guard !known.isEmpty else { throw ModelFailure.unsupported("the model has no tasks") }
        guard known.contains(name) else {
            let known = known.map { "'\($0)'" }.joined(separator: ", ")
            throw ModelFailure.argument("no task '\(name)', expected \(known)")
        }
        guard input.count <= Frame.payloadLimit / 2 else {
            throw ModelFailure.argument(
                "\(input.count) bytes of input, expected at most \(Frame.payloadLimit / 2)")
        }
    }

    package func perform(on plugin: PluginSide) throws {
        let begin = try supported(plugin.model.task?.begin, else: "the model has no tasks")
        guard plugin.model.tasks.running.count < TaskJobs.limit else {
            throw ModelFailure.refused(
                code: .busy, flags: .retryable,
                message: "\(TaskJobs.limit) tasks are under way already")
        }
        var job: OpaquePointer?
        try name.withPluginString { name in
            try input.withPluginBytes { input in
                try plugin.call(Self.step) { begin(plugin.model.context, name, input, &job, $0) }
            }
        }
        plugin.model.tasks.running[id] = TaskJobs.Job(
            pointer: try require(job, "the job of a successful begin", in: Self.step))
    }
}

package struct AdvanceTaskCall: ModelCall {
    package typealias Answer = TaskProgress
    package static let step = CallStep.advanceTask
    /// Bytes of events that one `advance` may put out.
    private static let eventLimit = 16 << 20
    package var id: TaskID
    package var limit: Duration

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id, &limit) }

    package var largestAnswer: Int { 64 + Self.eventLimit + 4 * Wire.mostElements }

    package func check(on host: HostSide) {}

    package func perform(on plugin: PluginSide) throws -> TaskProgress {
        let tasks = plugin.model.tasks.running
        guard let advance = plugin.model.task?.advance, let job = tasks[id], !job.isOver else {
            throw id.notUnderWay
        }
        plugin.model.tasks.running[id]?.isOver = true
        var progress = roost_progress()
        progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
        let milliseconds = UInt32(limit.milliseconds)
        let output = try OutputSink.collect(Self.step, limit: Self.eventLimit) { sink in
            try plugin.call(Self.step) { advance(job.pointer, milliseconds, sink, &progress, $0) }
        }
        let events = try Self.lines(output)
        plugin.model.tasks.running[id]?.isOver = progress.done != 0
        return TaskProgress(
            events: events, done: progress.done != 0, step: Int(progress.step),
            of: progress.of == 0 ? nil : Int(progress.of))
    }

    private static func lines(_ output: [UInt8]) throws -> [[UInt8]] {
        guard output.isEmpty || output.last == UInt8(ascii: "\n") else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "the last event is cut off: it does not end with a line break")
        }
        let events = output.split(separator: UInt8(ascii: "\n"))
        guard events.count <= Wire.mostElements else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "\(events.count) events, expected at most \(Wire.mostElements)")
        }
        return events.map(Array.init)
    }
}

package struct EndTaskCall: ModelCall {
    package static let step = CallStep.endTask
    package var id: TaskID

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id) }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func check(on host: HostSide) {}

    package func perform(on plugin: PluginSide) throws {
        try plugin.model.endTask(id, trace: plugin.call.trace)
    }
}

extension ModelInstance {
    fileprivate func endTask(_ id: TaskID, trace: CallTrace) throws {
        guard let end = task?.end, let job = tasks.running.removeValue(forKey: id) else {
            throw id.notUnderWay
        }
        trace.during(.endTask) { end(job.pointer) }
    }

    func endAllTasks(trace: CallTrace) {
        for id in tasks.running.keys { try? endTask(id, trace: trace) }
    }
}

extension TaskID {
    fileprivate var notUnderWay: ModelFailure { .argument("task \(rawValue) is not under way") }
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

// MARK: - For the engine

extension LoadedModel {
    /// Starts a task, which must be ended. Lane.
    package func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> TaskID {
        let begin = BeginTaskCall(id: .next, name: name, input: input)
        try call(begin, deadline: deadline)
        return begin.id
    }

    /// Works on a task for about `limit`; refused once it is done or has failed. Lane.
    package func advanceTask(
        _ id: TaskID, for limit: Duration, deadline: Duration?
    ) throws -> TaskProgress {
        try call(AdvanceTaskCall(id: id, limit: limit), deadline: deadline)
    }

    /// Releases a task, whether or not it is done. Lane.
    package func endTask(_ id: TaskID) throws {
        try call(EndTaskCall(id: id))
    }
}

// MARK: - On the wire

extension TaskID: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&rawValue) }
}

extension TaskProgress: WireValue {
    package init() { self.init(done: false) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&events, &done, &step)
        try wire.pass(&of)
    }
}
