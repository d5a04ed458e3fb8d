import Synchronization

/// A task of a model that is under way, as the host numbers it.
package struct TaskID: Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    private static let last = Atomic<UInt64>(0)

    /// Never given before.
    static var next: TaskID { TaskID(rawValue: last.add(1, ordering: .relaxed).newValue) }
}

/// What a task did in one `advance`.
package struct TaskProgress: Sendable, Equatable {
    /// What the plugin holds to be a JSON object each; nobody has looked into them.
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

package struct BeginTaskCall: ModelCall {
    package static let step = CallStep.beginTask
    package let id: TaskID
    package let name: String
    package let input: [UInt8]

    package func check(for model: any LoadedModel) throws {
        let known = model.description.tasks.map(\.name)
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

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.beginTask(name, input: input, as: id, call)
    }
}

extension BeginTaskCall {
    package func write(to writer: inout WireWriter) {
        writer.write(id.rawValue)
        writer.write(name)
        writer.write(input)
    }

    package init(from reader: inout WireReader) throws {
        id = TaskID(rawValue: try reader.read())
        name = try reader.read()
        input = try reader.read()
    }
}

package struct AdvanceTaskCall: ModelCall {
    package static let step = CallStep.advanceTask
    /// Bytes of events that one `advance` may put out.
    static let eventLimit = 16 << 20
    package let id: TaskID
    package let limit: Duration

    package var largestAnswer: Int { 64 + Self.eventLimit + 4 * WireReader.mostElements }

    package func check(for model: any LoadedModel) {}

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> TaskProgress {
        try model.advanceTask(id, for: limit, call)
    }
}

extension AdvanceTaskCall {
    package func write(to writer: inout WireWriter) {
        writer.write(id.rawValue)
        writer.write(limit)
    }

    package init(from reader: inout WireReader) throws {
        id = TaskID(rawValue: try reader.read())
        limit = try reader.read()
    }

    package static func write(_ progress: TaskProgress, to writer: inout WireWriter) {
        writer.write(progress.events)
        writer.write(progress.done)
        writer.write(progress.step)
        writer.write(progress.of ?? 0)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> TaskProgress {
        var progress = TaskProgress(
            events: try reader.read(), done: try reader.read(), step: try reader.read())
        let of: Int = try reader.read()
        progress.of = of == 0 ? nil : of
        return progress
    }
}

package struct EndTaskCall: ModelCall {
    package static let step = CallStep.endTask
    package let id: TaskID

    package func check(for model: any LoadedModel) {}

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.endTask(id, trace: call.trace)
    }
}

extension EndTaskCall {
    package func write(to writer: inout WireWriter) {
        writer.write(id.rawValue)
    }

    package init(from reader: inout WireReader) throws {
        id = TaskID(rawValue: try reader.read())
    }
}

extension LoadedModel {
    /// Starts a task, which must be ended. Lane.
    package func beginTask(
        _ name: String, input: [UInt8], deadline: Duration?
    ) throws -> TaskID {
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

    /// Lets go of a task, whether or not it is done. Lane.
    package func endTask(_ id: TaskID) throws {
        try call(EndTaskCall(id: id))
    }
}
