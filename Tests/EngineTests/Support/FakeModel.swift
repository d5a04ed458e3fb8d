import PluginHost
import Synchronization

/// A model whose logits are a hash of all the tokens before, so that any slip in what is fed shows.
///
/// It checks what the engine feeds as a careful plugin would, and does what its `FakeWorld` says.
final class FakeModel: LoadedModel, @unchecked Sendable {
    let description: ModelDescription
    let vocabulary: Vocabulary?
    private let world: FakeWorld
    private var sequences: [[Int32]]
    /// What each sequence has read, where there is an encoder.
    private var sources: [[Int32]?]
    private let logits: UnsafeMutableBufferPointer<Float>
    private let isClosed = Mutex(false)
    /// The loaded adapters' shifts by their numbers: a row's token counts for a thousand times that more.
    private let shifts = Mutex<[UInt32: Int32]>([:])

    init(_ world: FakeWorld) {
        self.world = world
        vocabulary = world.vocabulary
        description = ModelDescription(
            pluginID: "test.fake", pluginVersion: "1.0.0", family: "fake",
            infoJSON: Array(world.infoJSON.utf8), extensions: ["roost.text.adapters/1"],
            decode: world.capabilities,
            encoder: world.encoder)
        sources = [[Int32]?](repeating: nil, count: world.capabilities.sequences)
        sequences = [[Int32]](repeating: [], count: world.capabilities.sequences)
        let shape = world.capabilities
        logits = .allocate(capacity: shape.batchSize * shape.vocabularySize)
    }

    deinit {
        logits.deallocate()
    }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        try call.answer {
            switch $0 {
            case let call as TokenizeCall: try world.tokenize(call.text)
            case let call as ForwardCall: try forward(call.batch)
            case let call as EncodeCall: try encode(call.source, into: call.sequence)
            case let call as SequenceLengthCall: sequences[call.sequence].count
            case let call as ClearCall: clear(call.sequence)
            case let call as TruncateCall: try truncate(call.sequence, to: call.length)
            case let call as ForkCall:
                try fork(call.sequence, to: call.destination, length: call.length)
            case let call as LoadAdapterCall: try load(call.source, as: call.number)
            case let call as UnloadAdapterCall: try unload(call.number)
            default: throw refusal("a call that no text is made with")
            }
        }
    }

    private func forward(_ batch: Batch) throws -> FloatRows {
        let fault = world.begin(batch)
        if let fault {
            if case .refused(_, let flags, _) = fault, flags.contains(.sequencesLost) {
                for sequence in batch.sequences { clear(Int(sequence)) }
            }
            throw fault
        }
        guard batch.count > 0, batch.count <= world.capabilities.batchSize else {
            throw refusal("\(batch.count) rows in a batch")
        }
        var filled = 0
        for row in 0..<batch.count {
            let sequence = Int(batch.sequences[row])
            guard Int(batch.positions[row]) == sequences[sequence].count else {
                throw refusal("position \(batch.positions[row]) of \(sequences[sequence].count)")
            }
            guard sequences[sequence].count < world.capabilities.contextLength else {
                throw refusal("the context is full")
            }
            if world.encoder != nil, sources[sequence] == nil {
                throw refusal("sequence \(sequence) has read nothing")
            }
            sequences[sequence].append(
                FakeWorld.fed(batch.tokens[row], try shift(batch.adapters[row])))
            guard batch.wants[row] else { continue }
            let written = (sources[sequence] ?? []) + sequences[sequence]
            for logit in world.logits(after: written) {
                logits[filled] = logit
                filled += 1
            }
        }
        let width = world.capabilities.vocabularySize
        return FloatRows(
            base: logits.baseAddress, count: filled / width, width: width, stride: width)
    }

    private func load(_ source: AdapterSource, as number: UInt32) throws -> AdapterDescription {
        if let fault = world.fault(of: source.path) { throw fault }
        guard let shift = Int32(source.path) else { throw refusal("no shift") }
        shifts.withLock { $0[number] = shift }
        return AdapterDescription(rank: 1, bytes: 4)
    }

    private func unload(_ number: UInt32) throws {
        guard shifts.withLock({ $0.removeValue(forKey: number) }) != nil else {
            throw refusal("adapter \(number) is not loaded")
        }
    }

    private func shift(_ adapter: UInt32) throws -> Int32 {
        if adapter == 0 { return 0 }
        guard let shift = shifts.withLock({ $0[adapter] }) else {
            throw refusal("adapter \(adapter) is not loaded")
        }
        return shift
    }

    private func encode(_ source: [Int32], into sequence: Int) throws {
        if let fault = world.encode(source) { throw fault }
        guard sequences[sequence].isEmpty, sources[sequence] == nil else {
            throw refusal("sequence \(sequence) is not empty")
        }
        sources[sequence] = source
    }

    private func clear(_ sequence: Int) {
        sequences[sequence] = []
        sources[sequence] = nil
    }

    private func truncate(_ sequence: Int, to length: Int) throws {
        if let fault = world.fault(of: "truncate") { throw fault }
        guard world.capabilities.flags.contains(.truncateAny),
            length <= sequences[sequence].count
        else { throw refusal("truncate to \(length)") }
        sequences[sequence].removeLast(sequences[sequence].count - length)
    }

    private func fork(_ source: Int, to destination: Int, length: Int) throws {
        if let fault = world.fault(of: "fork") { throw fault }
        guard world.capabilities.flags.contains(.fork), sequences[destination].isEmpty,
            sources[destination] == nil, length <= sequences[source].count
        else { throw refusal("fork of \(length)") }
        sources[destination] = sources[source]
        sequences[destination] = Array(sequences[source][..<length])
    }

    func requestCancel() {
        world.noteCancelRequest()
    }

    func close() {
        isClosed.withLock { $0 = true }
    }

    private func refusal(_ message: String) -> ModelFailure {
        .refused(code: .argument, flags: [], message: message)
    }
}
