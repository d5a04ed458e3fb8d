import PluginABI

/// A message to a worker, and its one answer.
package protocol WorkerCall: WireMessage, Sendable {
    associatedtype Answer: Sendable = Void

    /// The message's number, and the step reported if the worker ends before the plugin is called.
    static var step: CallStep { get }
    /// Whether it goes into the context, after the lane's other calls.
    static var isLane: Bool { get }
    /// Whether the worker's process ends with it.
    static var isLast: Bool { get }
    /// The largest answer in bytes, if it is more than numbers.
    var largestAnswer: Int { get }

    static func payload(of answer: Answer) -> [UInt8]
    static func answer(_ payload: [UInt8]) throws -> Answer

    /// In the worker, the answer to a call with this one's number.
    func answer(to call: Frame, in worker: WorkerServer) throws -> [UInt8]
}

/// A call that loads a model in a worker, or ends the worker.
package protocol LoadingCall: WorkerCall {
    func perform(in worker: WorkerServer) throws -> Answer
}

/// A call of a model that is open: in this process, or as a message to its worker. Each file of
/// this folder holds the calls of one extension.
///
/// The host's side checks the arguments before the call and the results after it. It makes no
/// difference where the plugin runs, and a lying worker decides no index, count or length.
package protocol ModelCall: WorkerCall {
    /// What the caller gets.
    associatedtype Result = Answer

    /// - Throws: `.refused` for what the model cannot take; nothing was called.
    func check(on host: HostSide) throws

    /// The message to a worker.
    ///
    /// - Parameter deadline: the time by which the plugin must be done.
    func payload(until deadline: MonotonicTime?) -> [UInt8]

    /// How long a worker may take; nil for as long as the caller says.
    func limit(_ limits: WorkerLimits) -> Duration?

    /// Calls the plugin, in this process or in the worker.
    func perform(on plugin: PluginSide) throws -> Answer

    /// Turns an unchecked answer into what the caller gets.
    ///
    /// - Throws: `.broken` for an impossible answer.
    func result(_ answer: Answer, on host: HostSide) throws -> Result
}

/// An open model as the host knows it.
package final class HostSide {
    let description: ModelDescription
    let vocabulary: Vocabulary?
    /// Where the plugin's side leaves rows and images.
    let memory: any LaneMemory

    package init(
        _ description: ModelDescription, _ vocabulary: Vocabulary?, _ memory: any LaneMemory
    ) {
        self.description = description
        self.vocabulary = vocabulary
        self.memory = memory
    }
}

/// An open model where its plugin is, with what accompanies a call of it.
package struct PluginSide {
    let model: ModelInstance
    let memory: any LaneMemory
    let call: LaneCall

    func call(
        _ step: CallStep, _ body: (UnsafePointer<roost_call>) -> roost_status
    ) throws {
        try callPlugin(
            step, trace: call.trace, cancel: call.cancel, deadline: call.deadline, body)
    }
}

/// A part that only some models or plugins have.
func supported<Part>(_ part: Part?, else message: String) throws -> Part {
    guard let part else { throw ModelFailure.unsupported(message) }
    return part
}

// MARK: - What most calls have in common

extension WorkerCall {
    package static var isLane: Bool { false }
    package static var isLast: Bool { false }
    package var largestAnswer: Int { 0 }
}

extension WorkerCall where Answer: WireValue {
    package static func payload(of answer: Answer) -> [UInt8] { answer.payload }
    package static func answer(_ payload: [UInt8]) throws -> Answer { try Answer().read(payload) }
}

extension WorkerCall where Answer == Void {
    package static func payload(of answer: Void) -> [UInt8] { [] }
    package static func answer(_ payload: [UInt8]) throws { try Wire.read(payload) { _ in } }
}

extension LoadingCall {
    package func answer(to call: Frame, in worker: WorkerServer) throws -> [UInt8] {
        Self.payload(of: try read(call.payload).perform(in: worker))
    }
}

extension ModelCall {
    package static var isLane: Bool { true }
    package func limit(_ limits: WorkerLimits) -> Duration? { nil }

    package func payload(until deadline: MonotonicTime?) -> [UInt8] {
        var (deadline, call) = (deadline, self)
        return Wire.written { try $0.pass(&deadline, &call) }
    }

    package func readTimed(_ payload: [UInt8]) throws -> (call: Self, deadline: MonotonicTime?) {
        var (deadline, call): (MonotonicTime?, Self) = (nil, self)
        try Wire.read(payload) { try $0.pass(&deadline, &call) }
        return (call, deadline)
    }

    package func answer(to frame: Frame, in worker: WorkerServer) throws -> [UInt8] {
        let (call, deadline) = try readTimed(frame.payload)
        let side = try worker.side(lane: Self.isLane, call: frame.call, until: deadline)
        return Self.payload(of: try call.perform(on: side))
    }
}

extension ModelCall where Result == Answer {
    package func result(_ answer: Answer, on host: HostSide) throws -> Answer { answer }
}

/// A call that leaves rows in the lane's memory.
package protocol RowsCall: ModelCall where Answer == Void, Result == FloatRows {
    /// How many rows there will be, and of how many floats.
    func shape(for model: ModelDescription) throws -> (count: Int, width: Int)
}

extension RowsCall {
    package func result(_ answer: Void, on host: HostSide) throws -> FloatRows {
        try rows(in: host.memory, of: host.description).written
    }

    /// Where the plugin is to write them.
    func rows(on plugin: PluginSide) throws -> RowBuffer {
        try rows(in: plugin.memory, of: plugin.model.description)
    }

    private func rows(in memory: any LaneMemory, of model: ModelDescription) throws -> RowBuffer {
        let (count, width) = try shape(for: model)
        return try memory.rows(count, width: width)
    }
}
