import Glibc

/// What a worker does: one library, one model, calls from the host until it goes.
package final class WorkerServer: @unchecked Sendable {
    /// What the host's calls have created so far, each from the previous one.
    struct Open {
        var image: PluginImage?
        var table: QueriedPlugin?
        var library: PluginLibrary?
        /// The library's latest probe of a model.
        var probe: Probe?
        var instance: ModelInstance?
        var memory: SharedMemory?
    }

    /// By their numbers. Made before there is a second thread: two that first need a table at the same moment
    /// can wait for each other for ever in Swift's runtime.
    private let table = Dictionary(
        uniqueKeysWithValues: CallStep.calls.map { (type(of: $0).step, $0) })
    private let control: FrameChannel
    private let lane: FrameChannel
    let memory: Descriptor
    /// The page of control words.
    let page: SharedMemory
    let open = Monitor(Open())

    init() throws {
        typealias Number = WorkerLaunch.DescriptorNumber
        control = FrameChannel(try Descriptor(Number.control, for: "control"))
        lane = FrameChannel(try Descriptor(Number.lane, for: "lane"))
        memory = try Descriptor(Number.memory, for: "memory")
        page = try SharedMemory(Number.memory, size: SharedMemory.controlSize)
    }

    /// Serves calls about the model on this thread and calls into its context on another.
    func run() -> Never {
        BlockingThread.start("roost-lane") { [self] in serve(lane, isLane: true) }
        serve(control, isLane: false)
    }

    private func serve(_ channel: FrameChannel, isLane: Bool) -> Never {
        while true {
            do {
                let frame = try channel.receive()
                guard frame.kind == .call, let call = table[frame.step],
                    type(of: call).isLane == isLane
                else {
                    throw WireError.unknownCall(UInt16(frame.step.rawValue))
                }
                try channel.send(try answer(frame, call))
                if type(of: call).isLast { _exit(0) }
            } catch WireError.closed {
                _exit(0)
            } catch {
                WorkerMain.die("roost worker: \(error)")
            }
        }
    }

    private func answer(_ frame: Frame, _ call: any WorkerCall) throws -> Frame {
        var answer = Frame(kind: .answer, step: frame.step, call: frame.call, payload: [])
        do {
            answer.payload = try call.answer(to: frame, in: self)
        } catch let failure as ModelFailure {
            answer.kind = .failure
            answer.payload = FailureMessage(failure).payload
        }
        return answer
    }
}

// MARK: - What calls are performed on

extension WorkerServer {
    func opened<Part>(_ part: KeyPath<Open, Part?>) throws -> Part {
        guard let part = open.withLock({ $0[keyPath: part] }) else {
            throw WireError.value("a call before what it builds on")
        }
        return part
    }

    /// Where a call of the model is performed.
    func side(lane: Bool, call number: UInt32, until deadline: MonotonicTime?) throws -> PluginSide
    {
        let call =
            lane
            ? LaneCall(
                cancel: page.cancel.of(number), deadline: deadline, trace: page.laneTrace)
            : LaneCall(trace: page.controlTrace)
        return PluginSide(model: try opened(\.instance), memory: try opened(\.memory), call: call)
    }
}
