import CHostShims
import Glibc

/// What a worker does: one library, one model, calls from the host until it goes.
final class WorkerServer: @unchecked Sendable {
    private struct Open {
        var library: PluginLibrary?
        var instance: ModelInstance?
        var rows: SharedRows?
    }

    private let control: FrameChannel
    private let lane: FrameChannel
    private let memory: Descriptor
    private let page: SharedRows
    private let open = Monitor(Open())

    init() throws {
        typealias Number = WorkerLaunch.DescriptorNumber
        control = FrameChannel(try Descriptor(Number.control, for: "control"))
        lane = FrameChannel(try Descriptor(Number.lane, for: "lane"))
        memory = try Descriptor(Number.memory, for: "memory")
        page = try SharedRows(Number.memory, size: SharedRows.controlSize)
    }

    /// Serves calls about the model on this thread and calls into its context on another.
    func run() -> Never {
        BlockingThread.start("roost-lane") { [self] in
            serve(lane, answerLane)
        }
        serve(control, answerControl)
    }

    /// - Parameter answer: gives an answer's payload, or nil to end the process.
    private func serve(_ channel: FrameChannel, _ answer: (Frame) throws -> [UInt8]?) -> Never {
        while true {
            do {
                let call = try channel.receive()
                var last = false
                var reply = Frame(kind: .answer, call: call.call, payload: [])
                do {
                    let payload = try answer(call)
                    last = payload == nil
                    reply.payload = payload ?? []
                } catch let failure as ModelFailure {
                    reply.kind = .failure
                    reply.payload = failure.payload
                }
                try channel.send(reply)
                if last { _exit(0) }
            } catch WireError.closed {
                _exit(0)
            } catch {
                WorkerMain.die("roost worker: \(error)")
            }
        }
    }
}

// MARK: - Control

extension WorkerServer {
    private func answerControl(_ call: Frame) throws -> [UInt8]? {
        switch call.kind {
        case .hello: return try hello(try Hello(call.payload))
        case .probe: return try probe(try LoadCall(call.payload)).payload
        case .load: return try load(try LoadCall(call.payload)).payload
        case .vocabulary: return Vocabulary.payload(try instance.vocabulary)
        case .map: return try map(Int(try Number(call.payload).value))
        case .tokenize: return try tokenize(try TokenizeCall(call.payload))
        case .close: return close()
        default: throw WireError.unknownKind(call.kind.rawValue)
        }
    }

    private func hello(_ host: Hello) throws -> [UInt8] {
        // The host died between starting this process and asking the kernel to tell of it.
        if getppid() != host.host { _exit(0) }
        return Hello(host: host.host).payload
    }

    private func probe(_ call: LoadCall) throws -> ProbeResult {
        try library(call.library).probe(call.request, trace: page.controlTrace)
    }

    private func load(_ call: LoadCall) throws -> ModelDescription {
        let library = try library(call.library)
        let instance = try ModelInstance(library, call.request, trace: page.controlTrace)
        open.withLock { $0.instance = instance }
        return instance.description
    }

    private func library(_ path: String) throws -> PluginLibrary {
        if let library = open.withLock({ $0.library }) { return library }
        let library = try PluginLibrary(
            path, isolation: .worker, trace: page.controlTrace, log: WorkerMain.log)
        open.withLock { $0.library = library }
        return library
    }

    private func map(_ size: Int) throws -> [UInt8] {
        let rows = try SharedRows(memory.number, size: size)
        open.withLock { $0.rows = rows }
        return []
    }

    private func tokenize(_ call: TokenizeCall) throws -> [UInt8] {
        let ids = try instance.tokenize(
            call.text, addSpecial: call.addSpecial, parseSpecial: call.parseSpecial,
            trace: page.controlTrace)
        var writer = WireWriter()
        writer.write(array: ids)
        return writer.bytes
    }

    /// The host has no lane call in flight.
    private func close() -> [UInt8]? {
        let (library, instance) = open.withLock { ($0.library, $0.instance) }
        instance?.close(trace: page.controlTrace)
        library?.detach(trace: page.controlTrace)
        return nil
    }

    private var instance: ModelInstance {
        get throws {
            guard let instance = open.withLock({ $0.instance }) else {
                throw WireError.value("a call before a model is open")
            }
            return instance
        }
    }
}

// MARK: - Lane

extension WorkerServer {
    private func answerLane(_ call: Frame) throws -> [UInt8]? {
        let trace = page.laneTrace
        switch call.kind {
        case .forward: return try forward(try ForwardCall(call.payload))
        case .selfTest:
            let limit = Duration.milliseconds(try Number(call.payload).value)
            let report = try instance.runSelfTest(limit: limit, trace: trace)
            var writer = WireWriter()
            writer.write(optional: report) { $0.write($1.json) }
            return writer.bytes
        default: break
        }
        let numbers = try SequenceCall(call.payload)
        switch call.kind {
        case .length:
            return Number(try instance.sequenceLength(numbers.sequence, trace: trace)).payload
        case .clear: try instance.clear(numbers.sequence, trace: trace)
        case .truncate:
            try instance.truncate(numbers.sequence, to: numbers.length, trace: trace)
        case .fork:
            try instance.fork(
                numbers.sequence, to: numbers.other, length: numbers.length, trace: trace)
        default: throw WireError.unknownKind(call.kind.rawValue)
        }
        return []
    }

    private func forward(_ call: ForwardCall) throws -> [UInt8] {
        let instance = try instance
        guard let rows = open.withLock({ $0.rows }), let capabilities = instance.description.decode
        else {
            throw WireError.value("a forward before memory is shared")
        }
        let stride = LogitBuffer.rowStride(vocabularySize: capabilities.vocabularySize)
        guard call.batch.wants.count(where: { $0 }) <= SharedRows.layout(for: capabilities).rows
        else {
            throw WireError.value("more rows than there is shared memory for")
        }
        try instance.forward(
            call.batch, into: LogitBuffer(base: rows.logits, rowStride: stride),
            cancel: rows.cancel,
            deadline: call.deadline, trace: page.laneTrace)
        return []
    }
}
