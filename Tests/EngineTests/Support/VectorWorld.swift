import Engine
import PluginHost
import Synchronization

/// What every instance of a fake model of vectors and tasks shares: its shape, its scripts, and the
/// record of its calls.
final class VectorWorld: Sendable {
    /// Answers a step, numbered from 0 over all instances, with a failure.
    typealias Script = @Sendable (_ step: Int, _ texts: [String]) -> ModelFailure?
    /// Answers an `advance`, numbered likewise.
    typealias TaskScript = @Sendable (_ advance: Int) throws -> JobProgress?

    /// A call for texts.
    struct Step: Equatable {
        var texts: [String]
        var flags: EmbedFlags = []
        var byTokens = false
    }

    private struct Record {
        var steps: [Step] = []
        var launches = 0
        var cancelRequests = 0
        var tokenized = 0
        var advances: [String] = []
        var begun = 0
        var ended = 0
        var tokenFaults: [String: (failure: ModelFailure, left: Int)] = [:]
    }

    let capabilities: VectorCapabilities
    let infoJSON: String
    private let script: Script
    private let taskScript: TaskScript
    private let record = Mutex(Record())

    init(
        dimensions: Int = 6, labels: [String] = ["a", "b"], maxTokens: Int = 0,
        tokenizes: Bool = true, counts: Bool = false,
        matryoshka: Bool = true, taskScript: @escaping TaskScript = { _ in nil },
        script: @escaping Script = { _, _ in nil }
    ) {
        capabilities = VectorCapabilities(
            dimensions: dimensions, labels: labels, maxTokens: maxTokens, scoresPairs: true,
            embedsTokens: tokenizes, classifiesPairs: true, countsTokens: counts)
        infoJSON = "{\"matryoshka\": \(matryoshka), \"pooling\": \"mean\", \"dimensions\": 6}"
        self.script = script
        self.taskScript = taskScript
    }

    func supervisor(_ policy: RestartPolicy = .eager) -> ModelSupervisor {
        ModelSupervisor(name: "vectors", policy: policy) { [self] in
            record.withLock { $0.launches += 1 }
            return FakeVectorModel(self)
        }
    }

    func engine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> VectorEngine {
        var options = EngineOptions.vectors
        // A test may wait for its turn for longer than any reader.
        options.stallLimit = .seconds(3600)
        change(&options)
        return try VectorEngine(supervisor: supervisor(), options: options)
    }

    var steps: [Step] { record.withLock { $0.steps } }
    var launches: Int { record.withLock { $0.launches } }
    var cancelRequests: Int { record.withLock { $0.cancelRequests } }
    /// Texts that the tokenizer was asked for.
    var tokenized: Int { record.withLock { $0.tokenized } }
    /// The tasks' inputs, one for each slice.
    var advances: [String] { record.withLock { $0.advances } }
    var begun: Int { record.withLock { $0.begun } }
    var ended: Int { record.withLock { $0.ended } }

    /// - Parameter times: how often it fails before it succeeds.
    func fail(tokenizing text: String, with failure: ModelFailure, times: Int = .max) {
        record.withLock { $0.tokenFaults[text] = (failure, times) }
    }
}

// MARK: - What the model does

extension VectorWorld {
    func begin(_ step: Step) throws {
        let number = record.withLock { record in
            record.steps.append(step)
            return record.steps.count - 1
        }
        if let failure = script(number, step.texts) { throw failure }
    }

    func noteCancelRequest() {
        record.withLock { $0.cancelRequests += 1 }
    }

    /// A beginning, a token a byte, and an end.
    func tokens(_ text: String, _ flags: EmbedFlags) throws -> [Int32] {
        let failure = record.withLock { record -> ModelFailure? in
            record.tokenized += 1
            guard let fault = record.tokenFaults[text], fault.left > 0 else { return nil }
            record.tokenFaults[text] = (fault.failure, fault.left - 1)
            return fault.failure
        }
        if let failure { throw failure }
        return Self.tokens(text, flags)
    }

    static func tokens(_ text: String, _ flags: EmbedFlags = []) -> [Int32] {
        [1 + Int32(flags.rawValue & 3) * 1000] + text.utf8.map { Int32($0) + 10 } + [2]
    }

    static func text(of ids: [Int32]) -> String {
        String(
            decoding: ids.filter { (10..<266).contains($0) }.map { UInt8($0 - 10) }, as: UTF8.self)
    }

    /// Numbers between -1 and 1, by a hash of the text and the flags.
    func vector(of text: String, _ flags: EmbedFlags = []) -> [Float] {
        let seed = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64 &+ UInt64(flags.rawValue)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return (0..<capabilities.dimensions).map { column in
            var bits = (seed &+ UInt64(column)) &* 0x9E37_79B9_7F4A_7C15
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            return text.contains("NaN") ? .nan : Float(bits >> 40) / Float(1 << 23) - 1
        }
    }

    func score(_ query: String, _ document: String) -> Float {
        Float(query.utf8.count) - Float(document.utf8.count) / 8
    }

    // MARK: - Tasks

    func taskBegun() {
        record.withLock { $0.begun += 1 }
    }

    func taskEnded() {
        record.withLock { $0.ended += 1 }
    }

    func advance(_ input: String) throws -> JobProgress? {
        let number = record.withLock { record in
            record.advances.append(input)
            return record.advances.count - 1
        }
        return try taskScript(number)
    }
}
