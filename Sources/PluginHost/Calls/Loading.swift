import CHostShims
import Glibc

/// The handshake with a worker: the first message and its answer.
package struct Hello: LoadingCall, WireValue, Equatable {
    package typealias Answer = Hello
    package static let step = CallStep.start
    /// Incremented with every change of a message.
    package static let protocolVersion: UInt32 = 6

    package var version = Hello.protocolVersion
    package var toolchain = ABI.toolchain
    /// The process that says it.
    package var process: Int32 = getpid()

    package init() {}

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&version)
        guard version == Self.protocolVersion || !wire.isRead else {
            throw WireError.value(
                "the other side speaks worker protocol \(version), this one \(Self.protocolVersion); "
                    + "host and worker must be the same build")
        }
        try wire.pass(&toolchain)
        guard toolchain == ABI.toolchain || !wire.isRead else {
            throw WireError.value(
                "the other side was built with \(toolchain), this one with "
                    + "\(ABI.toolchain); host and worker must be the same build")
        }
        try wire.pass(&process)
    }

    package func perform(in worker: WorkerServer) -> Hello { Hello() }
}

// MARK: - The plugin, in three calls, each of which the host gives its own time

/// Maps the library.
struct LibraryCall: LoadingCall {
    static let step = CallStep.library
    var path: String

    mutating func pass(_ wire: inout Wire) throws { try wire.pass(&path) }

    func perform(in worker: WorkerServer) throws {
        let image = try PluginImage(path, trace: worker.page.controlTrace)
        worker.open.withLock { $0.image = image }
    }
}

struct QueryCall: LoadingCall {
    static let step = CallStep.query

    func pass(_ wire: inout Wire) {}

    func perform(in worker: WorkerServer) throws {
        let table = try worker.opened(\.image).query(.worker, trace: worker.page.controlTrace)
        worker.open.withLock { $0.table = table }
    }
}

struct AttachCall: LoadingCall {
    typealias Answer = PluginIdentity
    static let step = CallStep.attach

    func pass(_ wire: inout Wire) {}

    func perform(in worker: WorkerServer) throws -> PluginIdentity {
        let library = try PluginLibrary(
            worker.opened(\.table), trace: worker.page.controlTrace, log: WorkerMain.log)
        worker.open.withLock { $0.library = library }
        return library.identity
    }
}

// MARK: - The model

struct ProbeCall: LoadingCall {
    typealias Answer = Probe
    static let step = CallStep.probe
    var request: OpenRequest

    mutating func pass(_ wire: inout Wire) throws { try wire.pass(&request) }

    func perform(in worker: WorkerServer) throws -> Probe {
        let probe = try worker.opened(\.library).probe(request, trace: worker.page.controlTrace)
        worker.open.withLock { $0.probe = probe }
        return probe
    }
}

struct LoadCall: LoadingCall {
    typealias Answer = ModelDescription
    static let step = CallStep.open
    var request: OpenRequest

    /// The model's description: its JSON, and a name for each label.
    var largestAnswer: Int { 32 << 20 }

    mutating func pass(_ wire: inout Wire) throws { try wire.pass(&request) }

    func perform(in worker: WorkerServer) throws -> ModelDescription {
        let instance = try ModelInstance(
            worker.opened(\.library), request, probe: worker.opened(\.probe),
            trace: worker.page.controlTrace)
        worker.open.withLock { $0.instance = instance }
        return instance.description
    }
}

struct VocabularyCall: LoadingCall {
    typealias Answer = Vocabulary?
    static let step = CallStep.vocabulary

    var largestAnswer: Int { Frame.payloadLimit }

    func pass(_ wire: inout Wire) {}

    func perform(in worker: WorkerServer) throws -> Vocabulary? {
        try worker.opened(\.instance).vocabulary
    }
}

/// Maps the shared memory, which now has its final size.
struct MapCall: LoadingCall {
    static let step = CallStep.map
    var size: UInt64

    mutating func pass(_ wire: inout Wire) throws { try wire.pass(&size) }

    func perform(in worker: WorkerServer) throws {
        let memory = try SharedMemory(worker.memory.number, size: Int(clamping: size))
        worker.open.withLock { $0.memory = memory }
    }
}

/// Closes the model, which has no call in the lane, and ends the worker.
struct CloseCall: LoadingCall {
    static let step = CallStep.close
    static let isLast = true

    func pass(_ wire: inout Wire) {}

    func perform(in worker: WorkerServer) {
        let (library, instance) = worker.open.withLock { ($0.library, $0.instance) }
        instance?.close(trace: worker.page.controlTrace)
        library?.detach(trace: worker.page.controlTrace)
    }
}

// MARK: - On the wire

extension PluginIdentity: WireValue {
    package init() { self.init(id: "", version: "", license: "", toolchain: "", families: []) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&id, &version, &license)
        try wire.pass(&toolchain, &families)
    }
}

extension OpenRequest: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&path, &configJSON, &sequences)
        try wire.pass(&contextLength, &batchSize, &budgetBytes)
    }
}

extension Probe: WireValue {
    package init() { self.init(score: 0, family: "", bytesHost: 0, bytesPerContext: 0) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&score, &family, &bytesHost)
        try wire.pass(&bytesPerContext)
        guard score <= Int(ABI.bestScore) else {
            throw WireError.value("score \(score) of a probe")
        }
    }
}

extension ModelDescription: WireValue {
    package init() { self.init(pluginID: "", pluginVersion: "", family: "") }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&pluginID, &pluginVersion, &pluginLicense)
        try wire.pass(&toolchain, &family, &infoJSON)
        var ids = extensions.sorted()
        try wire.pass(&ids)
        extensions = Set(ids)
        try wire.pass(&decode, &encoder, &vectors)
        try wire.pass(&image, &tasks, &bytesHost)
        try wire.pass(&bytesPerContext, &budgetBytes, &allocated)
        if wire.isRead { try encoder?.check(with: decode) }
    }
}

extension Vocabulary: WireValue {
    package init() { self.init(bytes: [], offsets: [0], attributes: []) }

    package mutating func pass(_ wire: inout Wire) throws {
        var (bytes, offsets, attributes) = (bytes, offsets, attributes.map(\.rawValue))
        var special = [bos, eos, eot, pad].map { $0 ?? ABI.noToken }
        var spacePrefix = spacePrefix
        try wire.pass(&bytes, &offsets, &attributes)
        try wire.pass(&special, &spacePrefix)
        guard wire.isRead else { return }
        guard offsets.count == attributes.count + 1, Int(offsets.last ?? 0) == bytes.count,
            special.count == 4
        else {
            throw WireError.value("a vocabulary whose arrays do not fit together")
        }
        try Self.check(offsets: offsets, bytesAreNull: false)
        let count = attributes.count
        self = Vocabulary(
            bytes: bytes, offsets: offsets, attributes: attributes.map(TokenAttributes.init),
            bos: try Self.special(special[0], "bos", below: count),
            eos: try Self.special(special[1], "eos", below: count),
            eot: try Self.special(special[2], "eot", below: count),
            pad: try Self.special(special[3], "pad", below: count),
            spacePrefix: spacePrefix)
    }
}
