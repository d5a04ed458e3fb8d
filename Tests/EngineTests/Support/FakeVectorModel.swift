import PluginHost
import Synchronization

/// A model whose vectors are a hash of their text, so that any mix-up shows, and whose task counts.
///
/// All answers stand in one buffer, and calls that overlap trap.
final class FakeVectorModel: LoadedModel, @unchecked Sendable {
    let description: ModelDescription
    let vocabulary: Vocabulary? = nil
    private let world: VectorWorld
    private let rows: UnsafeMutableBufferPointer<Float>
    private let isBusy = Atomic(false)
    private var tasks: [TaskID: (input: String, next: Int, count: Int)] = [:]
    private var lastTask: UInt32 = 0

    init(_ world: VectorWorld) {
        self.world = world
        description = ModelDescription(
            pluginID: "test.vectors", pluginVersion: "1.0.0", family: "fake",
            infoJSON: Array(world.infoJSON.utf8), vectors: world.capabilities, tasks: ["count"])
        rows = .allocate(capacity: 1024 * 16)
    }

    deinit {
        rows.deallocate()
    }

    func embeddingTokens(of texts: [String], flags: EmbedFlags) throws -> [[Int32]] {
        try texts.map { try world.tokens($0, flags) }
    }

    func embed(
        _ batch: EmbeddingBatch, flags: EmbedFlags, deadline: Duration?
    ) throws -> FloatRows {
        try alone {
            let (texts, byTokens) =
                switch batch {
                case .texts(let texts): (texts, false)
                case .tokens(let ids): (ids.map(VectorWorld.text), true)
                }
            if case .tokens(let ids) = batch {
                let expected = flags.subtracting(.noNormalize)
                precondition(zip(ids, texts).allSatisfy { $0 == VectorWorld.tokens($1, expected) })
            }
            try world.begin(.init(texts: texts, flags: flags, byTokens: byTokens))
            return answer(texts.map { world.vector(of: $0, flags) })
        }
    }

    func scores(query: String, documents: [String], deadline: Duration?) throws -> [Float] {
        try alone {
            try world.begin(.init(texts: documents))
            return documents.map { world.score(query, $0) }
        }
    }

    /// A text's length and the negative of it; a pair's two lengths.
    func classify(_ texts: [String], pairs: [String]?, deadline: Duration?) throws -> FloatRows {
        try alone {
            try world.begin(.init(texts: texts))
            return answer(
                texts.enumerated().map { index, text in
                    let own = Float(text.utf8.count)
                    return [own, pairs.map { Float($0[index].utf8.count) } ?? -own]
                })
        }
    }

    /// As `tokens`, of which no more than the world's limit are read.
    func countTokens(
        of texts: [String], with companions: Companions, flags: EmbedFlags
    ) throws -> [TokenCount] {
        try texts.enumerated().map { index, text in
            let other =
                switch companions {
                case .none: 0
                case .query(let query): query.utf8.count + 1
                case .pairs(let pairs): pairs[index].utf8.count + 1
                }
            let whole = try world.tokens(text, flags).count + other
            let most = world.capabilities.maxTokens
            return TokenCount(whole: whole, read: most > 0 ? min(whole, most) : whole)
        }
    }

    private func answer(_ vectors: [[Float]]) -> FloatRows {
        _ = rows.update(from: vectors.joined())
        let width = vectors.first?.count ?? 0
        return FloatRows(
            base: rows.baseAddress, count: vectors.count, width: width, stride: width, owner: self)
    }

    private func alone<Result>(_ body: () throws -> Result) rethrows -> Result {
        precondition(!isBusy.exchange(true, ordering: .acquiring), "two calls of the lane at once")
        defer { isBusy.store(false, ordering: .releasing) }
        return try body()
    }

    // MARK: - Tasks

    /// - Parameter input: the number to count to.
    func beginTask(_ name: String, input: [UInt8], deadline: Duration?) throws -> TaskID {
        try alone {
            let text = String(decoding: input, as: UTF8.self)
            guard let count = Int(text) else {
                throw ModelFailure.refused(code: .argument, flags: [], message: "not a number")
            }
            lastTask += 1
            let id = TaskID(rawValue: lastTask)
            tasks[id] = (text, 0, count)
            world.taskBegun()
            return id
        }
    }

    /// Two events in each slice.
    func advanceTask(
        _ id: TaskID, for limit: Duration, deadline: Duration?
    ) throws -> TaskProgress {
        try alone {
            guard var task = tasks[id] else { preconditionFailure("a task that is not there") }
            if let scripted = try world.advance(task.input) { return scripted }
            let numbers = task.next..<min(task.next + 2, task.count)
            task.next = numbers.upperBound
            tasks[id] = task
            return TaskProgress(
                events: numbers.map { Array("{\"i\": \($0)}".utf8) },
                done: task.next == task.count, step: task.next, of: task.count)
        }
    }

    func endTask(_ id: TaskID) throws {
        alone {
            precondition(tasks.removeValue(forKey: id) != nil, "a task is ended twice")
            world.taskEnded()
        }
    }

    // MARK: - The rest

    func requestCancel() {
        world.noteCancelRequest()
    }

    func close() {}

    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        throw unsupportedHere
    }
    func tokenize(mixed text: String, plain: [Range<Int>]) throws -> [Int32] {
        throw unsupportedHere
    }
    func forward(_ batch: Batch, deadline: Duration?) throws -> FloatRows {
        throw unsupportedHere
    }
    func sequenceLength(_ sequence: Int) throws -> Int { throw unsupportedHere }
    func clear(_ sequence: Int) throws { throw unsupportedHere }
    func truncate(_ sequence: Int, to length: Int) throws { throw unsupportedHere }
    func fork(_ source: Int, to destination: Int, length: Int) throws { throw unsupportedHere }

    private var unsupportedHere: ModelFailure {
        .refused(code: .unsupported, flags: [], message: "no text")
    }
}
