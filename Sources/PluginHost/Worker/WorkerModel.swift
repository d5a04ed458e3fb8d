import CHostShims
import Glibc

/// A model in a worker process: a crash, hang or leak costs the process, never the host.
final class WorkerModel: LoadedModel, @unchecked Sendable {
    private let process: WorkerProcess
    private let control: WorkerLine
    private let lane: WorkerLine
    private let memory: SharedMemory
    private let host: HostSide
    private let limits: WorkerLimits

    /// Starts a worker and opens the model in it.
    ///
    /// - Throws: `ModelFailure`; the worker is gone.
    init(
        _ launch: WorkerLaunch, name: String, _ plugin: StagedPlugin, _ request: OpenRequest,
        limits: WorkerLimits, start: StartControl, log: @escaping LogHandler
    ) throws {
        process = try WorkerProcess(launch, name: name, log: log)
        control = WorkerLine(process, process.control)
        lane = WorkerLine(process, process.lane) {
            log(LogLine(level: .warning, source: name, text: $0))
        }
        self.limits = limits
        do {
            try start.add(process, of: plugin.spec.name)
            try control.attach(plugin.library.path, in: process, limits)
            _ = try control.probe(request, limit: limits.probe)
            let description = try control.call(LoadCall(request: request), limit: limits.load)
            let vocabulary = try control.call(VocabularyCall(), limit: limits.load)
            if let decode = description.decode { try vocabulary?.check(against: decode) }
            let size = SharedMemory.size(for: description)
            memory = try process.share(size)
            host = HostSide(description, vocabulary, memory)
            try control.call(MapCall(size: UInt64(size)), limit: limits.load)
        } catch {
            process.abandon()
            throw error
        }
    }

    deinit {
        close()
    }

    var description: ModelDescription { host.description }
    var vocabulary: Vocabulary? { host.vocabulary }
    var processID: Int32? { process.processID }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        try call.check(on: host)
        let payload = call.payload(until: deadline.map { .now + $0 })
        let line = Call.isLane ? lane : control
        let answer = try line.call(
            call, payload, limit: call.limit(limits) ?? deadline
        ) {
            if Call.isLane { memory.cancel.keepBehind($0) }
        }
        return try call.result(answer, on: host)
    }

    func requestCancel() {
        lane.withCallUnderWay { memory.cancel.cancel($0) }
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
            _ = try? control.call(CloseCall(), limit: left, waiting: left)
            return process.waitForEnd(atMost: max(.zero, end - .now)) != nil
        }
        if ended != true { process.abandon() }
    }
}

/// How long a worker may take.
package struct WorkerLimits: Sendable {
    /// Until its first message.
    package var hello: Duration = .seconds(30)
    /// For mapping the library, in which its constructors run.
    package var library: Duration = .seconds(30)
    /// For `query`, which computes nothing and reads nothing.
    package var query: Duration = .seconds(10)
    package var attach: Duration = .seconds(30)
    package var probe: Duration = .seconds(30)
    /// For all of these together when plugins are asked which of them serves a model.
    package var choice: Duration = .seconds(10)
    /// For opening a model, until its description is complete; and once more for its first step.
    package var load: Duration = .seconds(600)
    package var tokenize: Duration = .seconds(30)
    package var sequence: Duration = .seconds(30)
    package var close: Duration = .seconds(3)

    package init() {}
}

// MARK: - Starting

extension WorkerProcess {
    /// Ends a worker without reporting it.
    func abandon() {
        kill { _ in .unavailable(reason: "the model is closed", retryAfter: nil) }
    }

    /// Gives the shared memory its final size and maps it on this side.
    fileprivate func share(_ size: Int) throws -> SharedMemory {
        guard roost_memory_file_seal(memory.number, UInt64(size)) == 0 else {
            throw startFailure("cannot share \(size) bytes", errno)
        }
        return try SharedMemory(memory.number, size: size)
    }
}

extension WorkerLine {
    /// Prepares a worker so that its plugin can be asked about models.
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
        try call(LibraryCall(path: library), limit: left(limits.library))
        try call(QueryCall(), limit: left(limits.query))
        return try call(AttachCall(), limit: left(limits.attach))
    }

    private func hello(to process: WorkerProcess, limit: Duration) throws {
        do {
            let hello = try call(Hello(), limit: limit)
            try process.introduce(hello.process)
        } catch ModelFailure.broken(_, let reason) {
            throw ModelFailure.load(stage: .start, reason: reason)
        }
    }

    /// - Returns: the plugin's findings about the model's headers.
    func probe(_ request: OpenRequest, limit: Duration) throws -> Probe {
        try call(ProbeCall(request: request), limit: limit)
    }
}
