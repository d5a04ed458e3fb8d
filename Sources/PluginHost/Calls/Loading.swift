import CHostShims
import Glibc

/// The first words of a worker's conversation, and what it answers to them.
package struct Hello: WorkerCall, Equatable {
    package static let step = CallStep.start
    /// Grows with every change of a message.
    package static let protocolVersion: UInt32 = 5

    package var version = Hello.protocolVersion
    package var toolchain = ABI.toolchain
    /// The process that says it.
    package var process: Int32

    package init(process: Int32) {
        self.process = process
    }

    package func perform(in worker: WorkerServer, until deadline: MonotonicTime?) -> Hello {
        Hello(process: getpid())
    }

    package func write(to writer: inout WireWriter) {
        writer.write(version)
        writer.write(toolchain)
        writer.write(process)
    }

    package init(from reader: inout WireReader) throws {
        version = try reader.read()
        guard version == Self.protocolVersion else {
            throw WireError.value(
                "the other side speaks worker protocol \(version), this one \(Self.protocolVersion); "
                    + "host and worker must be the same build")
        }
        toolchain = try reader.read()
        process = try reader.read()
        guard toolchain == ABI.toolchain else {
            throw WireError.value(
                "the other side was built with \(toolchain), this one with "
                    + "\(ABI.toolchain); host and worker must be the same build")
        }
    }

    package static func write(_ hello: Hello, to writer: inout WireWriter) {
        hello.write(to: &writer)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> Hello {
        try Hello(from: &reader)
    }
}

// MARK: - The plugin, in three calls, each of which the host gives its own time

/// Maps the library.
struct LibraryCall: WorkerCall {
    static let step = CallStep.library
    let path: String

    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws {
        let image = try PluginImage(path, trace: worker.page.controlTrace)
        worker.open.withLock { $0.image = image }
    }
}

extension LibraryCall {
    func write(to writer: inout WireWriter) {
        writer.write(path)
    }

    init(from reader: inout WireReader) throws {
        path = try reader.read()
    }
}

struct QueryCall: PlainCall {
    static let step = CallStep.query

    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws {
        let table = try worker.opened(\.image).query(.worker, trace: worker.page.controlTrace)
        worker.open.withLock { $0.table = table }
    }
}

struct AttachCall: PlainCall {
    static let step = CallStep.attach

    func perform(
        in worker: WorkerServer, until deadline: MonotonicTime?
    ) throws -> PluginIdentity {
        let library = try PluginLibrary(
            worker.opened(\.table), trace: worker.page.controlTrace, log: WorkerMain.log)
        worker.open.withLock { $0.library = library }
        return library.identity
    }

    static func write(_ identity: PluginIdentity, to writer: inout WireWriter) {
        writer.write(identity.id)
        writer.write(identity.version)
        writer.write(identity.license)
        writer.write(identity.toolchain)
        writer.write(identity.families)
    }

    static func readAnswer(from reader: inout WireReader) throws -> PluginIdentity {
        PluginIdentity(
            id: try reader.read(), version: try reader.read(), license: try reader.read(),
            toolchain: try reader.read(), families: try reader.read())
    }
}

// MARK: - The model

struct ProbeCall: WorkerCall {
    static let step = CallStep.probe
    let request: OpenRequest

    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws -> Probe {
        let probe = try worker.opened(\.library).probe(request, trace: worker.page.controlTrace)
        worker.open.withLock { $0.probe = probe }
        return probe
    }
}

extension ProbeCall {
    func write(to writer: inout WireWriter) {
        request.write(to: &writer)
    }

    init(from reader: inout WireReader) throws {
        request = try OpenRequest(from: &reader)
    }

    static func write(_ probe: Probe, to writer: inout WireWriter) {
        writer.write(probe.score)
        writer.write(probe.family)
        writer.write(probe.bytesHost)
        writer.write(probe.bytesPerContext)
    }

    static func readAnswer(from reader: inout WireReader) throws -> Probe {
        let probe = Probe(
            score: try reader.read(), family: try reader.read(), bytesHost: try reader.read(),
            bytesPerContext: try reader.read())
        guard (0...Int(ABI.bestScore)).contains(probe.score) else {
            throw WireError.value("score \(probe.score) of a probe")
        }
        return probe
    }
}

struct LoadCall: WorkerCall {
    static let step = CallStep.open
    let request: OpenRequest

    /// What a model says of itself: its JSON, and a name for each label.
    var largestAnswer: Int { 32 << 20 }

    func perform(
        in worker: WorkerServer, until deadline: MonotonicTime?
    ) throws -> ModelDescription {
        let instance = try ModelInstance(
            worker.opened(\.library), request, probe: worker.opened(\.probe),
            trace: worker.page.controlTrace)
        worker.open.withLock { $0.instance = instance }
        return instance.description
    }
}

extension LoadCall {
    func write(to writer: inout WireWriter) {
        request.write(to: &writer)
    }

    init(from reader: inout WireReader) throws {
        request = try OpenRequest(from: &reader)
    }

    static func write(_ model: ModelDescription, to writer: inout WireWriter) {
        model.write(to: &writer)
    }

    static func readAnswer(from reader: inout WireReader) throws -> ModelDescription {
        try ModelDescription(from: &reader)
    }
}

struct VocabularyCall: PlainCall {
    static let step = CallStep.vocabulary

    var largestAnswer: Int { Frame.payloadLimit }

    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws -> Vocabulary? {
        try worker.opened(\.instance).vocabulary
    }

    static func write(_ vocabulary: Vocabulary?, to writer: inout WireWriter) {
        writer.write(optional: vocabulary) { $1.write(to: &$0) }
    }

    static func readAnswer(from reader: inout WireReader) throws -> Vocabulary? {
        try reader.readOptional { try Vocabulary(from: &$0) }
    }
}

/// Maps the shared memory, which has its final size now.
struct MapCall: WorkerCall {
    static let step = CallStep.map
    let size: UInt64

    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) throws {
        let memory = try SharedMemory(worker.memory.number, size: Int(clamping: size))
        worker.open.withLock { $0.memory = memory }
    }
}

extension MapCall {
    func write(to writer: inout WireWriter) {
        writer.write(size)
    }

    init(from reader: inout WireReader) throws {
        size = try reader.read()
    }
}

/// Closes the model, which has no call in the lane, and ends the worker.
struct CloseCall: PlainCall {
    static let step = CallStep.close
    static let isLast = true

    func perform(in worker: WorkerServer, until deadline: MonotonicTime?) {
        let (library, instance) = worker.open.withLock { ($0.library, $0.instance) }
        instance?.close(trace: worker.page.controlTrace)
        library?.detach(trace: worker.page.controlTrace)
    }
}

// MARK: - On the wire

extension OpenRequest {
    package func write(to writer: inout WireWriter) {
        writer.write(path)
        writer.write(configJSON)
        writer.write(sequences)
        writer.write(contextLength)
        writer.write(batchSize)
        writer.write(budgetBytes)
    }

    package init(from reader: inout WireReader) throws {
        self.init(
            path: try reader.read(), configJSON: try reader.read(), sequences: try reader.read(),
            contextLength: try reader.read(), batchSize: try reader.read(),
            budgetBytes: try reader.read())
    }
}

extension ModelDescription {
    package func write(to writer: inout WireWriter) {
        for text in [pluginID, pluginVersion, pluginLicense, toolchain, family] {
            writer.write(text)
        }
        writer.write(infoJSON)
        writer.write(extensions.sorted())
        writer.write(optional: decode) { $0.write($1) }
        writer.write(optional: encoder) { $0.write($1.decoderStart) }
        writer.write(optional: vectors) { $0.write($1) }
        writer.write(optional: image) { $0.write($1) }
        writer.write(tasks.map(\.payload))
        writer.write(bytesHost)
        writer.write(bytesPerContext)
    }

    package init(from reader: inout WireReader) throws {
        self.init(
            pluginID: try reader.read(), pluginVersion: try reader.read(),
            pluginLicense: try reader.read(), toolchain: try reader.read(),
            family: try reader.read(), infoJSON: try reader.read(),
            extensions: Set(try reader.read() as [String]),
            decode: try reader.readOptional { try DecodeCapabilities(from: &$0) },
            encoder: try reader.readOptional { EncoderCapabilities(decoderStart: try $0.read()) },
            vectors: try reader.readOptional { try VectorCapabilities(from: &$0) },
            image: try reader.readOptional { try ImageCapabilities(from: &$0) },
            tasks: try (reader.read() as [String]).map(TaskDescription.init(payload:)),
            bytesHost: try reader.read(),
            bytesPerContext: try reader.read())
        try encoder?.check(with: decode)
    }
}

extension Vocabulary {
    package func write(to writer: inout WireWriter) {
        writer.write(bytes)
        writer.write(offsets)
        writer.write(attributes.map(\.rawValue))
        for id in [bos, eos, eot, pad] { writer.write(id ?? ABI.noToken) }
        writer.write(spacePrefix)
    }

    package init(from reader: inout WireReader) throws {
        let bytes: [UInt8] = try reader.read()
        let offsets: [UInt32] = try reader.read()
        let attributes = (try reader.read() as [UInt16]).map(TokenAttributes.init)
        guard offsets.count == attributes.count + 1, Int(offsets.last ?? 0) == bytes.count else {
            throw WireError.value("a vocabulary whose arrays do not fit together")
        }
        try Self.check(offsets: offsets, bytesAreNull: false)
        let count = attributes.count
        self.init(
            bytes: bytes, offsets: offsets, attributes: attributes,
            bos: try Self.special(try reader.read(), "bos", below: count),
            eos: try Self.special(try reader.read(), "eos", below: count),
            eot: try Self.special(try reader.read(), "eot", below: count),
            pad: try Self.special(try reader.read(), "pad", below: count),
            spacePrefix: try reader.read())
    }
}
