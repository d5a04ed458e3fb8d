import Engine
import PluginHost
import Synchronization

/// What every instance of a fake model shares: its shape, its scripts, and the record of its calls.
final class FakeWorld: Sendable {
    /// Answers a call of `forward`, numbered from 0 over all instances, with a failure.
    typealias Script = @Sendable (_ call: Int, _ batch: Batch) -> ModelFailure?

    private struct Record {
        var batches: [Batch] = []
        var sources: [[Int32]] = []
        var launches = 0
        var cancelRequests = 0
        var abilityFaults: [String: ModelFailure] = [:]
        var textFaults: [String: ModelFailure] = [:]
    }

    /// Answers the reading of a source, numbered from 0 over all instances, with a failure.
    typealias EncodeScript = @Sendable (_ call: Int, _ source: [Int32]) -> ModelFailure?

    let capabilities: DecodeCapabilities
    let encoder: EncoderCapabilities?
    let vocabulary: Vocabulary
    let infoJSON: String
    private let script: Script
    private let encodeScript: EncodeScript
    /// The token after a context, where the script wants a certain one.
    private let forced: @Sendable ([Int32]) -> Int32?
    private let edit: @Sendable ([Int32], inout [Float]) -> Void
    private let record = Mutex(Record())

    init(
        vocabulary: Vocabulary = .letters, contextLength: Int = 512, sequences: Int = 4,
        batchSize: Int = 64, columns: Int? = nil,
        flags: DecodeFlags = [.truncateAny, .fork, .batchInvariant],
        decoderStart: Int32? = nil, info: String = "",
        forced: @escaping @Sendable ([Int32]) -> Int32? = { _ in nil },
        edit: @escaping @Sendable ([Int32], inout [Float]) -> Void = { _, _ in },
        encode: @escaping EncodeScript = { _, _ in nil },
        script: @escaping Script = { _, _ in nil }
    ) {
        self.vocabulary = vocabulary
        encoder = decoderStart.map { EncoderCapabilities(decoderStart: $0) }
        infoJSON = #"{"name": "Fake", "architecture": "hash", "context_length": 512\#(info)}"#
        encodeScript = encode
        capabilities = DecodeCapabilities(
            flags: flags, vocabularySize: columns ?? vocabulary.count,
            contextLength: contextLength, sequences: sequences, batchSize: batchSize)
        self.forced = forced
        self.edit = edit
        self.script = script
    }

    /// A supervisor that restarts at once and never gives up, unless told otherwise.
    func supervisor(_ policy: RestartPolicy = .eager) -> ModelSupervisor {
        ModelSupervisor(name: "fake", policy: policy) { [self] in
            record.withLock { $0.launches += 1 }
            return FakeModel(self)
        }
    }

    func engine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> TextEngine {
        var options = EngineOptions.text
        // A test may wait for its turn for longer than any reader.
        options.stallLimit = .seconds(3600)
        change(&options)
        return try TextEngine(supervisor: supervisor(), options: options)
    }

    var batches: [Batch] { record.withLock { $0.batches } }
    /// What was read, in order.
    var sources: [[Int32]] { record.withLock { $0.sources } }
    var cancelRequests: Int { record.withLock { $0.cancelRequests } }
    var launches: Int { record.withLock { $0.launches } }

    func fail(_ ability: String, with failure: ModelFailure) {
        record.withLock { $0.abilityFaults[ability] = failure }
    }

    func fail(text: String, with failure: ModelFailure) {
        record.withLock { $0.textFaults[text] = failure }
    }
}

// MARK: - What the model does

extension FakeWorld {
    func begin(_ batch: Batch) -> ModelFailure? {
        let call = record.withLock { record in
            record.batches.append(batch)
            return record.batches.count - 1
        }
        return script(call, batch)
    }

    func encode(_ source: [Int32]) -> ModelFailure? {
        let call = record.withLock { record in
            record.sources.append(source)
            return record.sources.count - 1
        }
        return encodeScript(call, source)
    }

    func noteCancelRequest() {
        record.withLock { $0.cancelRequests += 1 }
    }

    func fault(of ability: String) -> ModelFailure? {
        record.withLock { $0.abilityFaults[ability] }
    }

    /// Logits between -4 and 4, by a hash of the tokens (Fowler-Noll-Vo) and the column.
    func logits(after tokens: [Int32]) -> [Float] {
        let seed = tokens.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64(UInt32(bitPattern: $1))) &* 0x100_0000_01B3
        }
        var row = (0..<capabilities.vocabularySize).map { column in
            var bits = seed &+ UInt64(column) &* 0x9E37_79B9_7F4A_7C15
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            return Float(bits >> 40) / Float(1 << 24) * 8 - 4
        }
        if let token = forced(tokens) { row[Int(token)] = 100 }
        edit(tokens, &row)
        return row
    }

    /// One token per byte.
    func tokenize(_ text: String) throws -> [Int32] {
        if let failure = record.withLock({ $0.textFaults[text] }) { throw failure }
        return text.utf8.map { Int32($0) }
    }
}

extension RestartPolicy {
    static var eager: RestartPolicy {
        var policy = RestartPolicy()
        policy.initialDelay = .zero
        policy.maximumDelay = .zero
        policy.failureLimit = .max
        return policy
    }
}

extension ModelFailure {
    static let segfault = ModelFailure.crashed(
        WorkerDeath(cause: .signal(11), step: "forward", stderr: ""))
    static let hang = ModelFailure.hung(step: "forward", after: .seconds(1), stderr: "")
    static let sequencesLost = ModelFailure.refused(
        code: .internal, flags: .sequencesLost, message: "the cache is gone")
    static let busy = ModelFailure.refused(code: .busy, flags: [], message: "not now")
}
