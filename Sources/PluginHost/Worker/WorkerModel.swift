import CHostShims
import Glibc

/// A model in a worker process: a crash, hang or leak costs the process, never the host.
final class WorkerModel: LoadedModel, @unchecked Sendable {
    let description: ModelDescription
    let vocabulary: Vocabulary?
    private let process: WorkerProcess
    let control: WorkerLine
    private let lane: WorkerLine
    private let shared: SharedRows
    let limits: WorkerLimits
    let rooms = ImageRooms()

    /// Starts a worker and opens the model in it.
    ///
    /// - Throws: `ModelFailure`; the worker is gone.
    init(
        _ launch: WorkerLaunch, name: String, _ plugin: StagedPlugin, _ request: OpenRequest,
        limits: WorkerLimits, start: StartControl, log: @escaping LogHandler
    ) throws {
        process = try WorkerProcess(launch, name: name, log: log)
        control = WorkerLine(process, process.control)
        lane = WorkerLine(process, process.lane)
        self.limits = limits
        do {
            try start.add(process, of: plugin.spec.name)
            try control.attach(plugin.library.path, in: process, limits)
            _ = try control.probe(request, limit: limits.probe)
            let opened = try control.load(request, limits)
            description = opened.description
            vocabulary = opened.vocabulary
            shared = try control.share(process, for: opened.description, limits)
        } catch {
            process.abandon()
            throw error
        }
    }

    deinit {
        close()
    }

    var processID: Int32? { process.processID }

    func tokenize(_ text: String, addSpecial: Bool, parseSpecial: Bool) throws -> [Int32] {
        try tokenize(
            TokenizeCall(text: text, addSpecial: addSpecial, parseSpecial: parseSpecial))
    }

    func tokenize(mixed text: String, plain: [Range<Int>]) throws -> [Int32] {
        try tokenize(TokenizeCall(mixed: text, plain: plain))
    }

    private func tokenize(_ call: TokenizeCall) throws -> [Int32] {
        let answer = try control.call(
            .tokenize, call.payload, step: .tokenize, limit: limits.tokenize,
            largest: tokenLimit(of: call.text) + 4)
        let ids = try decoding(.tokenize) { () -> [Int32] in
            var reader = WireReader(answer)
            let ids = try reader.readArray(of: Int32.self)
            try reader.finish()
            return ids
        }
        try checkTokenIDs(ids, below: vocabulary?.count ?? 0)
        return ids
    }

    func forward(_ batch: Batch, deadline: Duration?) throws -> FloatRows {
        guard let capabilities = description.decode else {
            throw ModelFailure.unsupported("the model does not decode text")
        }
        let wanted = try batch.check(against: capabilities)
        guard wanted <= capabilities.logitRows else {
            throw ModelFailure.argument(
                "\(wanted) rows want logits, expected at most \(capabilities.logitRows)")
        }
        let call = ForwardCall(batch: batch, deadline: deadline.map { .now + $0 })
        _ = try laneCall(.forward, call.payload, step: .forward, limit: deadline)
        return rows(wanted, width: capabilities.vocabularySize)
    }

    func encode(_ source: [Int32], into sequence: Int, deadline: Duration?) throws {
        try description.check(source: source, for: sequence)
        let call = EncodeCall(
            source: source, sequence: sequence, deadline: deadline.map { .now + $0 })
        _ = try laneCall(.encode, call.payload, step: .encode, limit: deadline)
    }

    /// A call that can be cancelled.
    func laneCall(
        _ kind: Frame.Kind, _ payload: [UInt8], step: CallStep, limit: Duration?, largest: Int = 0
    ) throws -> [UInt8] {
        try lane.call(kind, payload, step: step, limit: limit, largest: largest) {
            roost_word_store(shared.cancel, 0)
        }
    }

    /// The rows that the last call wrote.
    func rows(_ count: Int, width: Int) -> FloatRows {
        shared.rows(width: width).rows(count, owner: shared)
    }

    /// The picture that the last call left.
    var pictureBuffer: PictureBuffer { shared.picture }

    func sequenceLength(_ sequence: Int) throws -> Int {
        let answer = try sequenceCall(.length, SequenceCall(sequence), step: .length)
        let length = try decoding(.length) { try Number(answer).value }
        return try description.decode?.check(length: Int(clamping: length)) ?? 0
    }

    func clear(_ sequence: Int) throws {
        _ = try sequenceCall(.clear, SequenceCall(sequence), step: .clear)
    }

    func truncate(_ sequence: Int, to length: Int) throws {
        _ = try sequenceCall(.truncate, SequenceCall(sequence, length: length), step: .truncate)
    }

    func fork(_ source: Int, to destination: Int, length: Int) throws {
        let call = SequenceCall(source, other: destination, length: length)
        _ = try sequenceCall(.fork, call, step: .fork)
    }

    private func sequenceCall(_ kind: Frame.Kind, _ call: SequenceCall, step: CallStep) throws
        -> [UInt8]
    {
        try lane.call(kind, call.payload, step: step, limit: limits.sequence)
    }

    func selfTest(limit: Duration) throws -> SelfTestReport? {
        let call = Number(Int(limit.milliseconds))
        let answer = try lane.call(
            .selfTest, call.payload, step: .selfTest, limit: limit * 2 + .seconds(1),
            largest: reportLimit + 16)
        return try decoding(.selfTest) {
            var reader = WireReader(answer)
            let report = try reader.readOptional { SelfTestReport(json: try $0.readBytes()) }
            try reader.finish()
            return report
        }
    }

    func requestCancel() {
        roost_word_store(shared.cancel, 1)
    }

    func onDeath(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        process.onEnd(handler)
    }

    func onRefusal(_ handler: @escaping @Sendable (ModelFailure) -> Void) {
        control.onRefusal(handler)
        lane.onRefusal(handler)
    }

    /// Asks the worker to close the model, and kills it when it does not do so in time.
    func close() {
        if process.end != nil { return }
        process.markClosing()
        requestCancel()
        let end = MonotonicTime.now + limits.close
        let ended = lane.whileIdle(atMost: limits.close) {
            let left = end - .now
            _ = try? control.call(.close, step: .close, limit: left, waiting: left)
            return process.waitForEnd(atMost: max(.zero, end - .now)) != nil
        }
        if ended != true { process.abandon() }
    }
}

/// Reads what a worker answered.
func decoding<Value>(_ step: CallStep, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as WireError {
        throw ModelFailure.broken(step: step.name, reason: error.description)
    }
}

/// Bytes of what a model says of itself: its JSON, and a name for each label.
private let descriptionLimit = 32 << 20

/// How long a worker may take.
package struct WorkerLimits: Sendable {
    /// Until it says its first words.
    package var hello: Duration = .seconds(30)
    /// For mapping the library, in which its constructors run.
    package var library: Duration = .seconds(30)
    /// For `query`, which computes nothing and reads nothing.
    package var query: Duration = .seconds(10)
    package var attach: Duration = .seconds(30)
    package var probe: Duration = .seconds(30)
    /// For all of these together where plugins are asked which of them serves a model.
    package var choice: Duration = .seconds(10)
    /// For opening a model, until it has told everything of itself; and then once more for its first step.
    package var load: Duration = .seconds(600)
    package var tokenize: Duration = .seconds(30)
    package var sequence: Duration = .seconds(30)
    package var close: Duration = .seconds(3)

    package init() {}
}

// MARK: - Starting

extension WorkerProcess {
    /// Ends a worker whose end is of no interest.
    func abandon() {
        kill { _ in .unavailable(reason: "the model is closed", retryAfter: nil) }
    }
}

extension WorkerLine {
    /// Brings a worker to where its plugin can be asked about models.
    ///
    /// - Parameter end: when it is to be there at the latest, whatever the limits are.
    @discardableResult
    func attach(
        _ library: String, in process: WorkerProcess, _ limits: WorkerLimits,
        by end: MonotonicTime? = nil
    ) throws -> PluginIdentity {
        func left(_ limit: Duration) -> Duration {
            end.map { max(.zero, min(limit, $0 - .now)) } ?? limit
        }
        try hello(to: process, limit: limits.hello)
        _ = try call(.library, Text(library).payload, step: .library, limit: left(limits.library))
        _ = try call(.query, step: .query, limit: left(limits.query))
        let answer = try call(.attach, step: .attach, limit: left(limits.attach))
        return try decoding(.query) { try PluginIdentity(answer) }
    }

    private func hello(to process: WorkerProcess, limit: Duration) throws {
        let answer = try call(
            .hello, Hello(process: getpid()).payload, step: .start, limit: limit)
        do {
            try process.introduce(Hello(answer).process)
        } catch let error as WireError {
            throw ModelFailure.load(stage: .start, reason: error.description)
        }
    }

    /// - Returns: what the plugin says of the model's headers.
    func probe(_ request: OpenRequest, limit: Duration) throws -> Probe {
        let answer = try call(.probe, request.payload, step: .probe, limit: limit)
        return try decoding(.probe) { try Probe(answer) }
    }

    fileprivate func load(
        _ request: OpenRequest, _ limits: WorkerLimits
    ) throws -> (description: ModelDescription, vocabulary: Vocabulary?) {
        let answer = try self.call(
            .load, request.payload, step: .open, limit: limits.load, largest: descriptionLimit)
        let description = try decoding(.describe) { try ModelDescription(answer) }
        let words = try self.call(
            .vocabulary, step: .vocabulary, limit: limits.load, largest: Frame.payloadLimit)
        let vocabulary = try decoding(.vocabulary) { try Vocabulary.read(words) }
        if let decode = description.decode { try vocabulary?.check(against: decode) }
        return (description, vocabulary)
    }

    /// Gives the shared memory its final size and maps it on both sides.
    fileprivate func share(
        _ process: WorkerProcess, for model: ModelDescription, _ limits: WorkerLimits
    ) throws -> SharedRows {
        let size = SharedRows.size(for: model)
        guard roost_memory_file_seal(process.memory.number, UInt64(size)) == 0 else {
            throw startFailure("cannot share \(size) bytes", errno)
        }
        let rows = try SharedRows(process.memory.number, size: size)
        _ = try call(.map, Number(size).payload, step: .map, limit: limits.load)
        return rows
    }
}
