import CHostShims
import Synchronization

/// A model inside the host: calls cost nothing, and a plugin's crash is the host's.
final class InProcessModel: LoadedModel, @unchecked Sendable {
    private let instance: ModelInstance
    private let cancelWord: UnsafeMutablePointer<Int32>
    private let rowStride: Int
    /// Grown by the lane.
    private var logits: UnsafeMutableRawBufferPointer?
    private let open = Monitor(Calls())

    private struct Calls {
        var count = 0
        var closed = false
    }

    var description: ModelDescription { instance.description }
    var vocabulary: Vocabulary? { instance.vocabulary }

    init(_ library: PluginLibrary, _ request: OpenRequest) throws {
        instance = try ModelInstance(library, request, trace: .none)
        cancelWord = .allocate(capacity: 1)
        cancelWord.initialize(to: 0)
        rowStride = LogitBuffer.rowStride(
            vocabularySize: instance.description.decode?.vocabularySize ?? 0)
    }

    deinit {
        close()
        cancelWord.deallocate()
        logits?.deallocate()
    }

    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        try call {
            try instance.tokenize(
                text, addSpecial: addSpecial, parseSpecial: parseSpecial, trace: .none)
        }
    }

    func forward(_ batch: DecodeBatch, deadline: Duration?) throws -> LogitRows {
        try call {
            roost_word_store(cancelWord, 0)
            let rows = batch.wants.count { $0 }
            let base = room(for: rows).assumingMemoryBound(to: Float.self)
            try instance.forward(
                batch, into: LogitBuffer(base: base, rowStride: rowStride), cancel: cancelWord,
                deadline: deadline.map { .now + $0 }, trace: .none)
            return LogitRows(
                base: base, count: rows, width: description.decode?.vocabularySize ?? 0,
                stride: rowStride / MemoryLayout<Float>.stride, owner: self)
        }
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

    /// Waits for calls in flight: nothing can stop a plugin inside this process.
    func close() {
        let first = open.wait { calls -> Bool? in
            if calls.closed { return false }
            if calls.count > 0 { return nil }
            calls.closed = true
            return true
        }
        if first == true { instance.close(trace: .none) }
    }

    private func call<Result>(_ body: () throws -> Result) throws -> Result {
        try open.withLock { calls in
            guard !calls.closed else {
                throw ModelFailure.unavailable(reason: "the model is closed", retryAfter: nil)
            }
            calls.count += 1
        }
        defer { open.withLock { $0.count -= 1 } }
        return try body()
    }

    private func room(for rows: Int) -> UnsafeMutableRawPointer {
        let needed = max(1, rows) * max(64, rowStride)
        if let logits, logits.count >= needed, let base = logits.baseAddress { return base }
        logits?.deallocate()
        let grown = UnsafeMutableRawBufferPointer.allocate(byteCount: needed, alignment: 64)
        logits = grown
        return grown.baseAddress!
    }
}
