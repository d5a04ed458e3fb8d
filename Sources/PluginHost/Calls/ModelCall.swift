/// A message to a worker, and its one answer: what is asked, how both travel, how it is performed there.
package protocol WorkerCall: Sendable {
    associatedtype Answer: Sendable = Void

    /// The message's number, and what is told of a worker that ends before the plugin is called.
    static var step: CallStep { get }
    /// Whether it goes into the context, behind the lane's other calls.
    static var isLane: Bool { get }
    /// Whether the worker's process ends with it.
    static var isLast: Bool { get }
    /// Bytes that the answer may have, where it is more than numbers.
    var largestAnswer: Int { get }

    func write(to writer: inout WireWriter)
    init(from reader: inout WireReader) throws
    static func write(_ answer: Answer, to writer: inout WireWriter)
    static func readAnswer(from reader: inout WireReader) throws -> Answer

    /// In the worker.
    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws -> Answer
}

/// A call of a model that is open: in this process, or as a message to its worker. Each file of this folder
/// holds those of one extension.
///
/// What goes in is checked before, and what comes out after, in the host: where the plugin runs makes no
/// difference, and a worker that lies decides no index, count or length.
package protocol ModelCall: WorkerCall {
    /// What the caller gets.
    associatedtype Result = Answer

    /// - Throws: `.refused` for what the model cannot take; nothing was called.
    func check(for model: any LoadedModel) throws

    /// How long a worker may take; nil for as long as the caller says.
    func limit(_ limits: WorkerLimits) -> Duration?

    /// Calls the plugin.
    ///
    /// - Parameter memory: where a call of the lane leaves rows or a picture.
    func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> Answer

    /// What the caller gets of an answer that nobody has looked at.
    ///
    /// - Throws: `.broken` for what cannot be.
    func result(
        _ answer: Answer, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> Result
}

// MARK: - What most calls have in common

extension WorkerCall {
    package static var isLane: Bool { false }
    package static var isLast: Bool { false }
    package var largestAnswer: Int { 0 }
}

/// A call without arguments.
package protocol PlainCall: WorkerCall {
    init()
}

extension PlainCall {
    package func write(to writer: inout WireWriter) {}
    package init(from reader: inout WireReader) throws { self.init() }
}

extension WorkerCall where Answer == Void {
    package static func write(_ answer: Void, to writer: inout WireWriter) {}
    package static func readAnswer(from reader: inout WireReader) throws {}
}

extension ModelCall {
    package static var isLane: Bool { true }
    package func limit(_ limits: WorkerLimits) -> Duration? { nil }

    package func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws -> Answer {
        try perform(
            on: worker.opened(\.instance), in: worker.opened(\.memory),
            try worker.accompaniment(lane: Self.isLane, until: deadline))
    }
}

extension ModelCall where Result == Answer {
    package func result(
        _ answer: Answer, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> Answer {
        answer
    }
}

// MARK: - Payloads

extension WorkerCall {
    package func payload(until deadline: MonotonicTime? = nil) -> [UInt8] {
        var writer = WireWriter()
        writer.write(deadline: deadline)
        write(to: &writer)
        return writer.bytes
    }

    package static func read(
        _ payload: [UInt8]
    ) throws -> (call: Self, deadline: MonotonicTime?) {
        var reader = WireReader(payload)
        let deadline = try reader.readDeadline()
        let call = try Self(from: &reader)
        try reader.finish()
        return (call, deadline)
    }

    package static func payload(of answer: Answer) -> [UInt8] {
        var writer = WireWriter()
        write(answer, to: &writer)
        return writer.bytes
    }

    package static func answer(_ payload: [UInt8]) throws -> Answer {
        var reader = WireReader(payload)
        let answer = try readAnswer(from: &reader)
        try reader.finish()
        return answer
    }

    /// In the worker, from payload to payload.
    static func serve(_ payload: [UInt8], in worker: WorkerServer) throws -> [UInt8] {
        let (call, deadline) = try read(payload)
        return self.payload(of: try call.perform(in: worker, until: deadline))
    }
}
