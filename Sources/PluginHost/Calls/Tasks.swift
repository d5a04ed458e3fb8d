import PluginABI

package struct BeginTaskCall: ModelCall {
    package static let step = CallStep.beginTask
    package var id: JobID
    package var name: String
    package var input: [UInt8]

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id, &name, &input) }

    package func check(on host: HostSide) throws {
        let known = host.description.tasks.map(\.name)
        guard !known.isEmpty else { throw ModelFailure.unsupported(noTasks) }
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
        let begin = try supported(plugin.model.task?.begin, else: noTasks)
        try plugin.model.jobs.begin(.task, id, in: Self.step, end: plugin.model.task?.end) { job in
            try name.withPluginString { name in
                try input.withPluginBytes { input in
                    try plugin.call(Self.step) {
                        begin(plugin.model.context, name, input, &job, $0)
                    }
                }
            }
        }
    }
}

package struct AdvanceTaskCall: JobCall {
    package typealias Answer = JobProgress
    package static let step = CallStep.advanceTask
    /// Bytes of events that one `advance` may put out.
    private static let eventLimit = 16 << 20
    package var id: JobID
    package var limit: Duration

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id, &limit) }

    package var largestAnswer: Int { 64 + Self.eventLimit + 4 * Wire.mostElements }

    package func perform(on plugin: PluginSide) throws -> JobProgress {
        let advance = try supported(plugin.model.task?.advance, else: noTasks)
        let milliseconds = UInt32(limit.milliseconds)
        return try plugin.model.jobs.step(.task, id, in: Self.step) { job, progress in
            let output = try OutputSink.collect(Self.step, limit: Self.eventLimit) { sink in
                try plugin.call(Self.step) { advance(job, milliseconds, sink, &progress, $0) }
            }
            return try Self.lines(output)
        }
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

private let noTasks = "the model has no tasks"

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
    package func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> JobID {
        let begin = BeginTaskCall(id: .next(), name: name, input: input)
        try call(begin, deadline: deadline)
        return begin.id
    }

    /// Works on a task for about `limit`; refused once it is done or has failed. Lane.
    package func advanceTask(
        _ id: JobID, for limit: Duration, deadline: Duration?
    ) throws -> JobProgress {
        try call(AdvanceTaskCall(id: id, limit: limit), deadline: deadline)
    }
}
