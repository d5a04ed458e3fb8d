import Engine
import PluginHost
import Synchronization

/// What every instance of a fake model of images shares: its script, and the record of its calls.
final class ImageWorld: Sendable {
    enum Call: Equatable {
        case begin, step, preview, finish
    }

    /// Answers a call for a prompt, numbered from 0 over all instances, with a failure.
    typealias Script = @Sendable (_ number: Int, _ call: Call, _ prompt: String) throws -> Void

    private struct Record {
        var calls: [(call: Call, prompt: String)] = []
        var launches = 0
        var cancelRequests = 0
        var begun = 0
        var ended = 0
    }

    /// Images that an instance holds at the same time.
    let capacity: Int
    /// A job says that it is done after its last step.
    let ends: Bool
    private let script: Script
    private let record = Mutex(Record())

    init(
        capacity: Int = .max, ends: Bool = true, script: @escaping Script = { _, _, _ in }
    ) {
        self.capacity = capacity
        self.ends = ends
        self.script = script
    }

    func supervisor(_ policy: RestartPolicy = .eager) -> ModelSupervisor {
        ModelSupervisor(name: "images", policy: policy) { [self] in
            record.withLock { $0.launches += 1 }
            return FakeImageModel(self)
        }
    }

    func engine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> ImageEngine {
        var options = EngineOptions.images
        change(&options)
        return try ImageEngine(supervisor: supervisor(), options: options)
    }

    var launches: Int { record.withLock { $0.launches } }
    var cancelRequests: Int { record.withLock { $0.cancelRequests } }
    /// The prompts of the steps, in order.
    var steps: [String] {
        record.withLock { $0.calls.filter { $0.call == .step }.map(\.prompt) }
    }
    var begun: Int { record.withLock { $0.begun } }
    var ended: Int { record.withLock { $0.ended } }

    func call(_ call: Call, _ prompt: String) throws {
        let number = record.withLock { record in
            record.calls.append((call, prompt))
            return record.calls.count - 1
        }
        try script(number, call, prompt)
    }

    func noteBegun() { record.withLock { $0.begun += 1 } }
    func noteEnded() { record.withLock { $0.ended += 1 } }
    func noteCancelRequest() { record.withLock { $0.cancelRequests += 1 } }

    /// The image of a request after so many steps; it has as many pixels.
    static func image(_ request: ImageRequest, steps: Int) -> RGBImage {
        let text = "\(request.prompt) \(request.seed) \(steps)"
        let seed = text.utf8.reduce(17 as UInt8) { $0 &* 31 &+ $1 }
        return RGBImage(width: steps, height: 1, rgb: .init(repeating: seed, count: steps * 3))
    }
}

/// A model whose images follow from their requests, so that any mix-up shows. Calls that overlap trap.
final class FakeImageModel: LoadedModel, @unchecked Sendable {
    let description: ModelDescription
    let vocabulary: Vocabulary? = nil
    private let world: ImageWorld
    private let isBusy = Atomic(false)
    private var jobs: [JobID: (request: ImageRequest, step: Int)] = [:]

    init(_ world: ImageWorld) {
        self.world = world
        var capabilities = ImageCapabilities()
        (capabilities.width, capabilities.height, capabilities.steps) = (8, 8, 4)
        capabilities.previews = true
        description = ModelDescription(
            pluginID: "test.images", pluginVersion: "1.0.0", family: "fake", image: capabilities)
    }

    func call<Call: ModelCall>(_ call: Call, deadline: Duration?) throws -> Call.Result {
        try call.answer { call in try alone { try answer(call) } }
    }

    private func answer(_ call: any ModelCall) throws -> Any {
        switch call {
        case let call as BeginImageCall: return try begin(call)
        case let call as StepImageCall: return try step(call.id)
        case let call as PreviewImageCall: return try image(call.id, .preview)
        case let call as FinishImageCall: return try image(call.id, .finish)
        case let call as EndJobCall:
            precondition(jobs.removeValue(forKey: call.id) != nil, "an image is ended twice")
            return world.noteEnded()
        default: throw ModelFailure.refused(code: .unsupported, flags: [], message: "no text")
        }
    }

    private func begin(_ call: BeginImageCall) throws {
        guard jobs.count < world.capacity else {
            throw ModelFailure.refused(code: .busy, flags: .retryable, message: "full")
        }
        try world.call(.begin, call.request.prompt)
        jobs[call.id] = (call.request, 0)
        world.noteBegun()
    }

    private func step(_ id: JobID) throws -> JobProgress {
        let request = job(id).request
        try world.call(.step, request.prompt)
        let step = job(id).step + 1
        jobs[id]?.step = step
        let of = request.steps > 0 ? request.steps : 4
        guard world.ends else { return JobProgress(done: false, step: 0) }
        return JobProgress(done: step == of, step: step, of: of)
    }

    private func image(_ id: JobID, _ call: ImageWorld.Call) throws -> RGBImage {
        try world.call(call, job(id).request.prompt)
        return ImageWorld.image(job(id).request, steps: job(id).step)
    }

    private func job(_ id: JobID) -> (request: ImageRequest, step: Int) {
        guard let job = jobs[id] else { preconditionFailure("an image that is not there") }
        return job
    }

    private func alone<Result>(_ body: () throws -> Result) rethrows -> Result {
        precondition(!isBusy.exchange(true, ordering: .acquiring), "two calls of the lane at once")
        defer { isBusy.store(false, ordering: .releasing) }
        return try body()
    }

    // MARK: - The rest

    func requestCancel() { world.noteCancelRequest() }
    func close() {}
}
