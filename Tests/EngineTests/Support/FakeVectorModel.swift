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
    private var tasks: [JobID: (input: String, next: Int, count: Int)] = [:]

    init(_ world: VectorWorld) {
        self.world = world
        description = ModelDescription(
            pluginID: "test.vectors", pluginVersion: "1.0.0", family: "fake",
            infoJSON: Array(world.infoJSON.utf8), vectors: world.capabilities,
            tasks: [TaskDescription(name: "count")])
        rows = .allocate(capacity: 1024 * 16)
    }

    deinit {
        rows.deallocate()
    }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        try call.answer { call in
            switch call {
            case let call as EmbedTokenizeCall:
                return try call.texts.map { try world.tokens($0, call.flags) }
            case let call as CountTokensCall: return try count(call)
            default: return try alone { try answer(lane: call) }
            }
        }
    }

    private func answer(lane call: any ModelCall) throws -> Any {
        switch call {
        case let call as EmbedCall: return try embed(call.batch, flags: call.flags)
        case let call as ScoreCall:
            try world.begin(.init(texts: call.documents))
            return call.documents.map { world.score(call.query, $0) }
        case let call as ClassifyCall: return try classify(call.texts, pairs: call.pairs)
        case let call as BeginTaskCall: return try begin(call)
        case let call as AdvanceTaskCall: return try advance(call.id)
        case let call as EndJobCall:
            precondition(tasks.removeValue(forKey: call.id) != nil, "a task is ended twice")
            return world.taskEnded()
        default: throw ModelFailure.refused(code: .unsupported, flags: [], message: "no text")
        }
    }

    private func embed(_ batch: EmbeddingBatch, flags: EmbedFlags) throws -> FloatRows {
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

    /// A text's length and the negative of it; a pair's two lengths.
    private func classify(_ texts: [String], pairs: [String]?) throws -> FloatRows {
        try world.begin(.init(texts: texts))
        return answer(
            texts.enumerated().map { index, text in
                let own = Float(text.utf8.count)
                return [own, pairs.map { Float($0[index].utf8.count) } ?? -own]
            })
    }

    /// As `tokens`, of which no more than the world's limit are read.
    private func count(_ call: CountTokensCall) throws -> [TokenCount] {
        try call.texts.enumerated().map { index, text in
            let other =
                switch call.companions {
                case .none: 0
                case .query(let query): query.utf8.count + 1
                case .pairs(let pairs): pairs[index].utf8.count + 1
                }
            let whole = try world.tokens(text, call.flags).count + other
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

    /// The input is the number to count to.
    private func begin(_ call: BeginTaskCall) throws {
        let text = String(decoding: call.input, as: UTF8.self)
        guard let count = Int(text) else {
            throw ModelFailure.refused(code: .argument, flags: [], message: "not a number")
        }
        tasks[call.id] = (text, 0, count)
        world.taskBegun()
    }

    /// Two events in each slice.
    private func advance(_ id: JobID) throws -> JobProgress {
        guard var task = tasks[id] else { preconditionFailure("a task that is not there") }
        if let scripted = try world.advance(task.input) { return scripted }
        let numbers = task.next..<min(task.next + 2, task.count)
        task.next = numbers.upperBound
        tasks[id] = task
        return JobProgress(
            events: numbers.map { Array("{\"i\": \($0)}".utf8) },
            done: task.next == task.count, step: task.next, of: task.count)
    }

    // MARK: - The rest

    func requestCancel() {
        world.noteCancelRequest()
    }

    func close() {}
}
