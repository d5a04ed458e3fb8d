import CHostShims
import Glibc

/// What a worker does: one library, one model, calls from the host until it goes.
final class WorkerServer: @unchecked Sendable {
    private struct Open {
        var image: PluginImage?
        var table: QueriedPlugin?
        var library: PluginLibrary?
        /// What the library last said of a model.
        var probe: Probe?
        var instance: ModelInstance?
        var rows: SharedRows?
    }

    private let control: FrameChannel
    private let lane: FrameChannel
    private let memory: Descriptor
    let page: SharedRows
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
        case .library, .query, .attach: return try load(call.kind, call.payload)
        case .probe: return try probe(try OpenRequest(call.payload)).payload
        case .load: return try load(try OpenRequest(call.payload)).payload
        case .vocabulary: return Vocabulary.payload(try instance.vocabulary)
        case .map: return try map(Int(try Number(call.payload).value))
        case .tokenize: return try tokenize(try TokenizeCall(call.payload))
        case .embedTokenize: return try embedTokenize(try EmbedTokenizeCall(call.payload))
        case .countTokens: return try countTokens(try CountTokensCall(call.payload))
        case .close: return close()
        default: throw WireError.unknownKind(call.kind.rawValue)
        }
    }

    private func hello(_ host: Hello) throws -> [UInt8] {
        Hello(process: getpid()).payload
    }

    /// Loads the plugin, in three steps, each of which the host gives its own time.
    private func load(_ step: Frame.Kind, _ payload: [UInt8]) throws -> [UInt8] {
        let trace = page.controlTrace
        switch step {
        case .library:
            let image = try PluginImage(try Text(payload).value, trace: trace)
            open.withLock { $0.image = image }
        case .query:
            let image = try loaded(\.image)
            let table = try image.query(.worker, trace: trace)
            open.withLock { $0.table = table }
        default:
            let table = try loaded(\.table)
            let library = try PluginLibrary(table, trace: trace, log: WorkerMain.log)
            open.withLock { $0.library = library }
            return library.identity.payload
        }
        return []
    }

    private func loaded<Part>(_ part: KeyPath<Open, Part?>) throws -> Part {
        guard let part = open.withLock({ $0[keyPath: part] }) else {
            throw WireError.value("a call before what it builds on")
        }
        return part
    }

    private func probe(_ request: OpenRequest) throws -> Probe {
        let result = try loaded(\.library).probe(request, trace: page.controlTrace)
        open.withLock { $0.probe = result }
        return result
    }

    private func load(_ request: OpenRequest) throws -> ModelDescription {
        let instance = try ModelInstance(
            try loaded(\.library), request, probe: try loaded(\.probe), trace: page.controlTrace)
        open.withLock { $0.instance = instance }
        return instance.description
    }

    private func map(_ size: Int) throws -> [UInt8] {
        let rows = try SharedRows(memory.number, size: size)
        open.withLock { $0.rows = rows }
        return []
    }

    private func tokenize(_ call: TokenizeCall) throws -> [UInt8] {
        let instance = try instance
        let ids =
            if let plain = call.plain {
                try instance.tokenize(mixed: call.text, plain: plain, trace: page.controlTrace)
            } else {
                try instance.tokenize(
                    call.text, addSpecial: call.addSpecial, parseSpecial: call.parseSpecial,
                    trace: page.controlTrace)
            }
        var writer = WireWriter()
        writer.write(array: ids)
        return writer.bytes
    }

    private func embedTokenize(_ call: EmbedTokenizeCall) throws -> [UInt8] {
        let instance = try instance
        var writer = WireWriter()
        writer.write(
            lists: try call.texts.map { text in
                try instance.embeddingTokens(
                    of: text, flags: call.flags, trace: page.controlTrace)
            })
        return writer.bytes
    }

    private func countTokens(_ call: CountTokensCall) throws -> [UInt8] {
        try instance.countTokens(
            of: call.texts, with: call.companions, flags: call.flags, trace: page.controlTrace
        ).payload
    }

    /// The host has no lane call in flight.
    private func close() -> [UInt8]? {
        let (library, instance) = open.withLock { ($0.library, $0.instance) }
        instance?.close(trace: page.controlTrace)
        library?.detach(trace: page.controlTrace)
        return nil
    }
}

// MARK: - What is open

extension WorkerServer {
    var instance: ModelInstance {
        get throws {
            try loaded(\.instance)
        }
    }

    /// The rows that the lane's calls write.
    func rows(width: Int) throws -> RowBuffer {
        try shared.rows(width: width)
    }

    var pictureBuffer: PictureBuffer {
        get throws { try shared.picture }
    }

    func call(until deadline: MonotonicTime?) throws -> LaneCall {
        LaneCall(cancel: try shared.cancel, deadline: deadline, trace: page.laneTrace)
    }

    private var shared: SharedRows {
        get throws {
            try loaded(\.rows)
        }
    }
}
