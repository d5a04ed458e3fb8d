import CHostShims
import Synchronization

/// A model inside the host: calls cost nothing, and a plugin's crash is the host's.
final class InProcessModel: LoadedModel, @unchecked Sendable {
    let instance: ModelInstance
    private let cancelWord: UnsafeMutablePointer<Int32>
    /// Grown by the lane.
    private var memory: UnsafeMutableRawBufferPointer?
    private let open = Monitor(Calls())
    private let refusal = Monitor<(@Sendable (ModelFailure) -> Void)?>(nil)

    private struct Calls {
        var count = 0
        var closed = false
    }

    var description: ModelDescription { instance.description }
    var vocabulary: Vocabulary? { instance.vocabulary }

    init(_ library: PluginLibrary, _ request: OpenRequest) throws {
        instance = try ModelInstance(
            library, request, probe: try library.probe(request, trace: .none), trace: .none)
        cancelWord = .allocate(capacity: 1)
        cancelWord.initialize(to: 0)
    }

    deinit {
        close()
        cancelWord.deallocate()
        memory?.deallocate()
    }

    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        try call {
            try instance.tokenize(
                text, addSpecial: addSpecial, parseSpecial: parseSpecial, trace: .none)
        }
    }

    func tokenize(mixed text: String, plain: [Range<Int>]) throws -> [Int32] {
        try call { try instance.tokenize(mixed: text, plain: plain, trace: .none) }
    }

    func forward(_ batch: Batch, deadline: Duration?) throws -> FloatRows {
        try lane(deadline) { call in
            let rows = batch.wants.count { $0 }
            let out = room(for: rows, width: description.decode?.vocabularySize ?? 0)
            try instance.forward(batch, into: out, call)
            return out.rows(rows, owner: self)
        }
    }

    func encode(_ source: [Int32], into sequence: Int, deadline: Duration?) throws {
        try lane(deadline) { try instance.encode(source, into: sequence, $0) }
    }

    func sequenceLength(_ sequence: Int) throws -> Int {
        try call { try instance.sequenceLength(sequence, trace: .none) }
    }

    func clear(_ sequence: Int) throws {
        try call { try instance.clear(sequence, trace: .none) }
    }

    func truncate(_ sequence: Int, to length: Int) throws {
        try call { try instance.truncate(sequence, to: length, trace: .none) }
    }

    func fork(_ source: Int, to destination: Int, length: Int) throws {
        try call { try instance.fork(source, to: destination, length: length, trace: .none) }
    }

    func selfTest(limit: Duration) throws -> SelfTestReport? {
        try call { try instance.runSelfTest(limit: limit, trace: .none) }
    }

    func requestCancel() {
        roost_word_store(cancelWord, 1)
    }

    /// How long calls in flight are waited for.
    private static let patience = Duration.seconds(10)

    /// Waits for calls in flight, though not for ever: nothing can stop a plugin inside this process. Where
    /// it gives up, the last of them closes the model, if it ever ends.
    func close() {
        let isFirst = open.wait(atMost: Self.patience) { calls -> Bool? in
            if calls.closed { return false }
            if calls.count > 0 { return nil }
            calls.closed = true
            return true
        }
        let closes =
            isFirst
            ?? open.withLock { calls in
                if calls.closed { return false }
                calls.closed = true
                return calls.count == 0
            }
        if closes { instance.close(trace: .none) }
    }

    func call<Result>(_ body: () throws -> Result) throws -> Result {
        try open.withLock { calls in
            guard !calls.closed else {
                throw ModelFailure.unavailable(reason: "the model is closed", retryAfter: nil)
            }
            calls.count += 1
        }
        defer {
            let isLast = open.withLock { calls in
                calls.count -= 1
                return calls.closed && calls.count == 0
            }
            if isLast { instance.close(trace: .none) }
        }
        do {
            return try body()
        } catch let failure as ModelFailure {
            if failure.isPluginsFault { refusal.withLock { $0 }?(failure) }
            throw failure
        }
    }

    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        refusal.withLock { $0 = handler }
    }

    /// Runs a call that can be cancelled and has a deadline.
    func lane<Result>(
        _ deadline: Duration?, _ body: (LaneCall) throws -> Result
    ) throws -> Result {
        try call {
            roost_word_store(cancelWord, 0)
            return try body(LaneCall(cancel: cancelWord, deadline: deadline.map { .now + $0 }))
        }
    }

    private func room(for rows: Int, width: Int) -> RowBuffer {
        let base = room(max(1, rows) * max(64, RowBuffer.stride(width: width)))
        return RowBuffer(base: base.assumingMemoryBound(to: Float.self), width: width)
    }

    /// Memory of at least `needed` bytes, until the next call of the lane.
    func room(_ needed: Int) -> UnsafeMutableRawPointer {
        if let start = memory?.baseAddress, memory?.count ?? 0 >= needed { return start }
        memory?.deallocate()
        let start = UnsafeMutableRawPointer.allocate(byteCount: max(1, needed), alignment: 64)
        memory = UnsafeMutableRawBufferPointer(start: start, count: max(1, needed))
        return start
    }
}

// MARK: - Vectors and tasks

extension InProcessModel {
    func embeddingTokens(of texts: [String], flags: EmbedFlags) throws -> [[Int32]] {
        try texts.map { text in
            try call { try instance.embeddingTokens(of: text, flags: flags, trace: .none) }
        }
    }

    func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, deadline: Duration?
    ) throws -> FloatRows {
        try lane(deadline) { call in
            let out = room(for: batch.count, width: description.vectors?.dimensions ?? 0)
            try instance.embed(batch, flags: flags, into: out, call)
            return out.rows(batch.count, owner: self)
        }
    }

    func scores(query: String, documents: [String], deadline: Duration?) throws -> [Float] {
        try lane(deadline) { try instance.scores(query: query, documents: documents, $0) }
    }

    func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags
    ) throws -> [TokenCount] {
        try call {
            try instance.countTokens(of: texts, with: companions, flags: flags, trace: .none)
        }
    }

    func classify(_ texts: [String], pairs: [String]?, deadline: Duration?) throws -> FloatRows {
        try lane(deadline) { call in
            let out = room(for: texts.count, width: description.vectors?.labels.count ?? 0)
            try instance.classify(texts, pairs: pairs, into: out, call)
            return out.rows(texts.count, owner: self)
        }
    }

    func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> TaskID {
        try lane(deadline) { try instance.beginTask(name, input: input, $0) }
    }

    func advanceTask(
        _ id: TaskID, for limit: Duration, deadline: Duration?
    ) throws -> TaskProgress {
        try lane(deadline) { try instance.advanceTask(id, for: limit, $0) }
    }

    func endTask(_ id: TaskID) throws {
        try call { try instance.endTask(id, trace: .none) }
    }
}
