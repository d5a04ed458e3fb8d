import Glibc

/// What a worker does: one library, one model, calls from the host until it goes.
package final class WorkerServer: @unchecked Sendable {
    /// What the host's calls have brought up, each from the one before.
    struct Open {
        var image: PluginImage?
        var table: QueriedPlugin?
        var library: PluginLibrary?
        /// What the library last said of a model.
        var probe: Probe?
        var instance: ModelInstance?
        var memory: SharedMemory?
    }

    /// Everything that the host may ask.
    package static let calls: [any WorkerCall.Type] = [
        Hello.self, LibraryCall.self, QueryCall.self, AttachCall.self,
        ProbeCall.self, LoadCall.self, VocabularyCall.self, MapCall.self, CloseCall.self,
        TokenizeCall.self,
        ForwardCall.self, SequenceLengthCall.self, ClearCall.self, TruncateCall.self,
        ForkCall.self,
        EncodeCall.self,
        EmbedTokenizeCall.self, CountTokensCall.self, EmbedCall.self, ScoreCall.self,
        ClassifyCall.self,
        BeginTaskCall.self, AdvanceTaskCall.self, EndTaskCall.self,
        BeginImageCall.self, StepImageCall.self, PreviewImageCall.self, FinishImageCall.self,
        EndImageCall.self,
        SelfTestCall.self,
    ]

    private let control: FrameChannel
    private let lane: FrameChannel
    let memory: Descriptor
    /// The page of control words.
    let page: SharedMemory
    let open = Monitor(Open())
    /// The number of the lane's call under way; only the lane touches it.
    private var laneCall: UInt32 = 0

    init() throws {
        typealias Number = WorkerLaunch.DescriptorNumber
        control = FrameChannel(try Descriptor(Number.control, for: "control"))
        lane = FrameChannel(try Descriptor(Number.lane, for: "lane"))
        memory = try Descriptor(Number.memory, for: "memory")
        page = try SharedMemory(Number.memory, size: SharedMemory.controlSize)
    }

    /// Serves calls about the model on this thread and calls into its context on another.
    func run() -> Never {
        BlockingThread.start("roost-lane") { [self] in
            serve(lane, Self.calls.filter { $0.isLane })
        }
        serve(control, Self.calls.filter { !$0.isLane })
    }

    private func serve(_ channel: FrameChannel, _ calls: [any WorkerCall.Type]) -> Never {
        let calls = Dictionary(uniqueKeysWithValues: calls.map { ($0.step, $0) })
        while true {
            do {
                let frame = try channel.receive()
                guard frame.kind == .call, let call = calls[frame.step] else {
                    throw WireError.unknownCall(UInt16(frame.step.rawValue))
                }
                try channel.send(try answer(frame, call))
                if call.isLast { _exit(0) }
            } catch WireError.closed {
                _exit(0)
            } catch {
                WorkerMain.die("roost worker: \(error)")
            }
        }
    }

    private func answer(_ frame: Frame, _ call: any WorkerCall.Type) throws -> Frame {
        if call.isLane { laneCall = frame.call }
        do {
            let payload = try call.serve(frame.payload, in: self)
            return Frame(kind: .answer, step: frame.step, call: frame.call, payload: payload)
        } catch let failure as ModelFailure {
            return Frame(
                kind: .failure, step: frame.step, call: frame.call, payload: failure.payload)
        }
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

    /// What the plugin gets with a call.
    func accompaniment(lane: Bool, until deadline: MonotonicTime?) throws -> LaneCall {
        lane
            ? LaneCall(
                cancel: page.cancel.of(laneCall), deadline: deadline, trace: page.laneTrace)
            : LaneCall(trace: page.controlTrace)
    }
}
