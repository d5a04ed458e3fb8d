import PluginABI
import Synchronization

/// The host's number of a task or an image in progress.
package struct JobID: Hashable, Sendable {
    package private(set) var rawValue: UInt64
    /// The buffer that an image may fill, on the host's side; nil for one that was never begun.
    let room: ImageRoom?

    package init(rawValue: UInt64) { self.init(rawValue: rawValue, room: nil) }

    private init(rawValue: UInt64, room: ImageRoom?) {
        self.rawValue = rawValue
        self.room = room
    }

    private static let last = Atomic<UInt64>(0)

    /// Never given before.
    static func next(of room: ImageRoom? = nil) -> JobID {
        JobID(rawValue: last.add(1, ordering: .relaxed).newValue, room: room)
    }
}

/// What a task or an image did in one call, and how far it is.
package struct JobProgress: Sendable, Equatable {
    /// Of a task: supposedly one JSON object each; unchecked.
    package var events: [[UInt8]]
    package var done: Bool
    package var step: Int
    /// The number of steps; nil when unknown.
    package var of: Int?

    package init(events: [[UInt8]] = [], done: Bool, step: Int = 0, of: Int? = nil) {
        self.events = events
        self.done = done
        self.step = step
        self.of = of
    }
}

/// A call for a job in progress.
package protocol JobCall: ModelCall {
    var id: JobID { get set }
}

extension JobCall {
    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id) }

    package func check(on host: HostSide) {}
}

package struct EndJobCall: JobCall {
    package static let step = CallStep.endJob
    package var id: JobID

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func perform(on plugin: PluginSide) throws {
        try plugin.model.jobs.end(id, trace: plugin.call.trace)
    }
}

extension LoadedModel {
    /// Releases a task or an image, whether or not it is done. Lane.
    package func endJob(_ id: JobID) throws {
        try call(EndJobCall(id: id))
    }
}

// MARK: - In the plugin

enum JobKind: String {
    case task, image

    /// Jobs of a context at the same time.
    var limit: Int { self == .task ? 256 : 64 }

    func isNot(_ state: String, _ id: JobID) -> ModelFailure {
        .argument("\(self) \(id.rawValue) is not \(state)")
    }
}

/// The jobs that are in progress in a context.
struct JobTable {
    typealias End = @convention(c) (OpaquePointer?) -> Void

    enum State {
        case running, done
        /// Failed: only its end may follow.
        case over
    }

    struct Job {
        let kind: JobKind
        let pointer: OpaquePointer
        let end: End
        /// The buffer that an image may fill.
        let room: ImageRoom?
        var state = State.running
        var step = 0
    }

    private var jobs: [JobID: Job] = [:]

    /// Adds the job that `begin` makes.
    mutating func begin(
        _ kind: JobKind, _ id: JobID, in step: CallStep, end: End?, room: ImageRoom? = nil,
        _ begin: (inout OpaquePointer?) throws -> Void
    ) throws {
        guard jobs.values.count(where: { $0.kind == kind }) < kind.limit else {
            throw ModelFailure.refused(
                code: .busy, flags: .retryable,
                message: "\(kind.limit) \(kind)s are under way already")
        }
        let end = try require(end, "end", in: step)
        var job: OpaquePointer?
        try begin(&job)
        jobs[id] = Job(
            kind: kind, pointer: try require(job, "the job of a successful begin", in: step),
            end: end, room: room)
    }

    func job(_ kind: JobKind, _ id: JobID, in state: State) throws -> Job {
        guard let job = jobs[id], job.kind == kind, job.state == state else {
            throw kind.isNot(state == .done ? "done" : "under way", id)
        }
        return job
    }

    /// Makes a step of a job, which is over if that fails.
    ///
    /// - Parameter body: returns the events.
    mutating func step(
        _ kind: JobKind, _ id: JobID, in step: CallStep,
        _ body: (OpaquePointer, inout roost_progress) throws -> [[UInt8]]
    ) throws -> JobProgress {
        let job = try job(kind, id, in: .running)
        jobs[id]?.state = .over
        var out = roost_progress()
        out.struct_size = UInt32(MemoryLayout<roost_progress>.size)
        let events = try body(job.pointer, &out)
        let progress = JobProgress(
            events: events, done: out.done != 0, step: Int(out.step),
            of: out.of == 0 ? nil : Int(out.of))
        guard progress.step >= job.step || kind == .task else {
            throw ModelFailure.broken(
                step: step.name, reason: "step \(progress.step) after step \(job.step)")
        }
        jobs[id]?.step = progress.step
        jobs[id]?.state = progress.done ? .done : .running
        return progress
    }

    mutating func end(_ id: JobID, trace: CallTrace) throws {
        guard let job = jobs.removeValue(forKey: id) else {
            throw ModelFailure.argument("job \(id.rawValue) is not under way")
        }
        trace.during(.endJob) { job.end(job.pointer) }
    }

    mutating func endAll(trace: CallTrace) {
        for id in jobs.keys { try? end(id, trace: trace) }
    }
}

// MARK: - On the wire

extension JobID: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&rawValue) }
}

extension JobProgress: WireValue {
    package init() { self.init(done: false) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&events, &done, &step)
        try wire.pass(&of)
    }
}
