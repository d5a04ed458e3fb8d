import PluginABI
import Synchronization

/// The host's number of an image in progress.
package struct ImageID: Hashable, Sendable {
    package private(set) var rawValue: UInt64
    /// The buffer it may fill, on the host's side; nil for one that was never begun.
    let room: ImageRoom?

    package init(rawValue: UInt64) { self.init(rawValue: rawValue, room: nil) }

    private init(rawValue: UInt64, room: ImageRoom?) {
        self.rawValue = rawValue
        self.room = room
    }

    private static let last = Atomic<UInt64>(0)

    /// Never given before.
    static func next(of room: ImageRoom?) -> ImageID {
        ImageID(rawValue: last.add(1, ordering: .relaxed).newValue, room: room)
    }
}

/// The images in progress of a context.
struct ImageJobs {
    enum State {
        case running, done
        /// Failed: only its end may follow.
        case over
    }

    struct Job {
        let pointer: OpaquePointer
        let room: ImageRoom
        var state = State.running
        var step = 0
    }

    fileprivate static let limit = 64
    fileprivate(set) var running: [ImageID: Job] = [:]
}

package struct BeginImageCall: ModelCall {
    package static let step = CallStep.beginImage
    package var id: ImageID
    package var request: ImageRequest

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id, &request) }

    package func check(on host: HostSide) throws {
        try host.description.requiredImage.check(request)
    }

    package func perform(on plugin: PluginSide) throws {
        let begin = try supported(plugin.model.image?.begin, else: noImages)
        let room = try plugin.model.description.requiredImage.room(for: request)
        guard plugin.model.images.running.count < ImageJobs.limit else {
            throw ModelFailure.refused(
                code: .busy, flags: .retryable,
                message: "\(ImageJobs.limit) images are under way already")
        }
        var job: OpaquePointer?
        try request.withPluginRequest { request in
            try plugin.call(Self.step) { begin(plugin.model.context, request, &job, $0) }
        }
        plugin.model.images.running[id] = ImageJobs.Job(
            pointer: try require(job, "the job of a successful begin", in: Self.step), room: room)
    }
}

/// A call for an image in progress.
package protocol ImageCall: ModelCall {
    var id: ImageID { get set }
}

extension ImageCall {
    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id) }

    package func check(on host: HostSide) throws {
        _ = try host.description.requiredImage
    }
}

package struct StepImageCall: ImageCall {
    package typealias Answer = ImageProgress
    package static let step = CallStep.stepImage
    package var id: ImageID

    package func perform(on plugin: PluginSide) throws -> ImageProgress {
        let step = try supported(plugin.model.image?.step, else: noImages)
        var job = try plugin.job(id, in: .running)
        plugin.model.images.running[id]?.state = .over
        var out = roost_progress()
        out.struct_size = UInt32(MemoryLayout<roost_progress>.size)
        try plugin.call(Self.step) { step(job.pointer, &out, $0) }
        let progress = ImageProgress(
            done: out.done != 0, step: Int(out.step), of: out.of == 0 ? nil : Int(out.of))
        guard progress.step >= job.step else {
            throw ModelFailure.broken(
                step: Self.step.name, reason: "step \(progress.step) after step \(job.step)")
        }
        job.step = progress.step
        job.state = progress.done ? .done : .running
        plugin.model.images.running[id] = job
        return progress
    }

    package func result(_ progress: ImageProgress, on host: HostSide) throws -> ImageProgress {
        try progress.check()
        return progress
    }
}

/// A call that leaves an image in the lane's memory.
package protocol PixelsCall: ImageCall where Answer == ImagePlace, Result == RGBImage {}

extension PixelsCall {
    package func result(_ place: ImagePlace, on host: HostSide) throws -> RGBImage {
        guard let room = id.room else { throw id.isNot("under way") }
        try place.check(in: room, step: Self.step)
        return try host.memory.image(room.byteCount).image(at: place)
    }

    fileprivate typealias Fill = (
        OpaquePointer?, UnsafeMutablePointer<roost_image>?, UnsafePointer<roost_call>?
    ) -> roost_status

    fileprivate func image(
        of job: ImageJobs.Job, on plugin: PluginSide, _ body: Fill
    ) throws -> ImagePlace {
        let out = try plugin.memory.image(job.room.byteCount)
        out.clear(job.room)
        var image = roost_image(
            struct_size: UInt32(MemoryLayout<roost_image>.size), width: UInt32(job.room.width),
            height: UInt32(job.room.height), channels: UInt32(ABI.imageChannels),
            rgb8: out.base, row_stride: UInt64(job.room.stride))
        try plugin.call(Self.step) { body(job.pointer, &image, $0) }
        return try out.place(of: image, in: job.room, Self.step)
    }
}

package struct PreviewImageCall: PixelsCall {
    package static let step = CallStep.previewImage
    package var id: ImageID

    package func perform(on plugin: PluginSide) throws -> ImagePlace {
        let preview = try supported(
            plugin.model.image?.preview, else: "the model shows no images that are not done")
        return try image(of: plugin.job(id, in: .running), on: plugin, preview)
    }
}

package struct FinishImageCall: PixelsCall {
    package static let step = CallStep.finishImage
    package var id: ImageID

    package func perform(on plugin: PluginSide) throws -> ImagePlace {
        let finish = try supported(plugin.model.image?.finish, else: noImages)
        return try image(of: plugin.job(id, in: .done), on: plugin, finish)
    }
}

package struct EndImageCall: ImageCall {
    package static let step = CallStep.endImage
    package var id: ImageID

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func perform(on plugin: PluginSide) throws {
        try plugin.model.endImage(id, trace: plugin.call.trace)
    }
}

// MARK: - In the plugin

private let noImages = "the model makes no images"

extension PluginSide {
    fileprivate func job(_ id: ImageID, in state: ImageJobs.State) throws -> ImageJobs.Job {
        guard let job = model.images.running[id], job.state == state else {
            throw id.isNot(state == .done ? "done" : "under way")
        }
        return job
    }
}

extension ImageID {
    fileprivate func isNot(_ state: String) -> ModelFailure {
        .argument("image \(rawValue) is not \(state)")
    }
}

extension ModelInstance {
    fileprivate func endImage(_ id: ImageID, trace: CallTrace) throws {
        guard let end = image?.end, let job = images.running.removeValue(forKey: id) else {
            throw id.isNot("under way")
        }
        trace.during(.endImage) { end(job.pointer) }
    }

    func endAllImages(trace: CallTrace) {
        for id in images.running.keys { try? endImage(id, trace: trace) }
    }
}

extension ImageBuffer {
    /// Where the plugin reports the image to be.
    ///
    /// - Throws: `.broken` for one that is not, or not all, in this buffer.
    fileprivate func place(
        of image: roost_image, in room: ImageRoom, _ step: CallStep
    ) throws -> ImagePlace {
        guard image.rgb8 == base else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "rgb8 was changed, expected the image in the host's buffer")
        }
        guard image.channels == UInt32(ABI.imageChannels) else {
            throw ModelFailure.broken(
                step: step.name, reason: "\(image.channels) channels, expected \(ABI.imageChannels)"
            )
        }
        let place = ImagePlace(
            width: Int(image.width), height: Int(image.height),
            stride: Int(clamping: image.row_stride))
        try place.check(in: room, step: step)
        if let row = unwrittenRow(of: place) {
            throw ModelFailure.broken(
                step: step.name,
                reason: "row \(row) of the image was not written, expected all "
                    + "\(place.height)")
        }
        return place
    }
}

extension ImageRequest {
    /// Lends the request to a plugin for the duration of `body`.
    fileprivate func withPluginRequest<Result>(
        _ body: (UnsafePointer<roost_image_req>) throws -> Result
    ) rethrows -> Result {
        try prompt.withPluginString { prompt in
            try negativePrompt.withPluginString { negativePrompt in
                try extraJSON.withPluginString { extra in
                    try (initial?.image.rgb ?? []).withUnsafeBytes { rgb in
                        var request = roost_image_req()
                        request.struct_size = UInt32(MemoryLayout<roost_image_req>.size)
                        request.width = UInt32(width)
                        request.height = UInt32(height)
                        request.steps = UInt32(steps)
                        request.seed = seed
                        request.guidance = guidance ?? -1
                        request.strength = initial?.strength ?? 0
                        request.prompt = prompt
                        request.negative_prompt = negativePrompt
                        request.init_rgb8 = roost_span(
                            ptr: rgb.baseAddress, len: UInt64(rgb.count))
                        request.extra_json = extra
                        return try body(&request)
                    }
                }
            }
        }
    }
}

// MARK: - For the engine

/// Images are made one step at a time, and several may be in progress.
extension LoadedModel {
    /// Starts an image, which must be ended. Lane.
    package func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> ImageID {
        let room = description.image?.room(for: request)
        let begin = BeginImageCall(id: .next(of: room), request: request)
        try call(begin, deadline: deadline)
        return begin.id
    }

    /// Makes one step; refused once the image is done or a step has failed. Lane.
    package func stepImage(_ id: ImageID, deadline: Duration?) throws -> ImageProgress {
        try call(StepImageCall(id: id), deadline: deadline)
    }

    /// The image so far, perhaps smaller than the finished one; only before it is done. Lane.
    package func previewImage(_ id: ImageID, deadline: Duration?) throws -> RGBImage {
        try call(PreviewImageCall(id: id), deadline: deadline)
    }

    /// The finished image; only once it is done. Lane.
    package func finishImage(_ id: ImageID, deadline: Duration?) throws -> RGBImage {
        try call(FinishImageCall(id: id), deadline: deadline)
    }

    /// Releases an image, whether or not it is done. Lane.
    package func endImage(_ id: ImageID) throws {
        try call(EndImageCall(id: id))
    }
}

// MARK: - On the wire

extension ImageID: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&rawValue) }
}

extension ImageRequest: WireMessage {
    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&prompt, &negativePrompt, &width)
        try wire.pass(&height, &steps, &seed)
        try wire.pass(&guidance, &extraJSON)
        var (strength, rgb) = (initial?.strength, initial?.image.rgb ?? [])
        try wire.pass(&strength, &rgb)
        guard wire.isRead else { return }
        initial = nil
        guard let strength else { return }
        // Impossible sides could overflow the product.
        guard max(width, height) <= ImageCapabilities.longestSide,
            rgb.count == width * height * ABI.imageChannels
        else {
            throw WireError.value("\(rgb.count) bytes of an image of \(width)x\(height)")
        }
        initial = Initial(
            image: RGBImage(width: width, height: height, rgb: rgb), strength: strength)
    }
}

extension ImageProgress: WireValue {
    package init() { self.init(done: false, step: 0) }

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&done, &step, &of) }
}

extension ImagePlace: WireValue {
    package init() { self.init(width: 0, height: 0, stride: 0) }

    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&width, &height, &stride)
    }
}

extension ImageCapabilities: WireValue {
    package mutating func pass(_ wire: inout Wire) throws {
        try wire.pass(&width, &height, &steps)
        try wire.pass(&guidance, &multipleOf, &schedulers)
        try wire.pass(&scheduler, &maxTokens, &previews)
        if wire.isRead { try check() }
    }
}
