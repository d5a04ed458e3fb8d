import PluginABI

/// The pictures of a context that are under way.
struct ImageJobs {
    enum State {
        case running, done
        /// Failed: only its end may follow.
        case over
    }

    struct Job {
        let pointer: OpaquePointer
        let room: PictureRoom
        var state = State.running
        var step = 0
    }

    static let limit = 64
    var running: [ImageID: Job] = [:]
}

extension ModelInstance {
    func beginImage(_ request: ImageRequest, as id: ImageID, _ call: LaneCall) throws {
        let room = try description.requiredImage.pictureRoom(for: request)
        guard let begin = image?.begin else { throw noImages }
        guard images.running.count < ImageJobs.limit else {
            throw ModelFailure.refused(
                code: .busy, flags: .retryable,
                message: "\(ImageJobs.limit) pictures are under way already")
        }
        var job: OpaquePointer?
        try request.withPluginRequest { request in
            try callPlugin(
                .beginImage, trace: call.trace, cancel: call.cancel, deadline: call.deadline
            ) { begin(context, request, &job, $0) }
        }
        images.running[id] = ImageJobs.Job(
            pointer: try require(job, "the job of a successful begin", in: .beginImage),
            room: room)
    }

    func stepImage(_ id: ImageID, _ call: LaneCall) throws -> ImageProgress {
        guard let step = image?.step else { throw noImages }
        var job = try job(id, in: .running)
        images.running[id]?.state = .over
        var out = roost_progress()
        out.struct_size = UInt32(MemoryLayout<roost_progress>.size)
        try callPlugin(
            .stepImage, trace: call.trace, cancel: call.cancel, deadline: call.deadline
        ) { step(job.pointer, &out, $0) }
        let progress = ImageProgress(
            done: out.done != 0, step: Int(out.step), of: out.of == 0 ? nil : Int(out.of))
        try progress.check()
        guard progress.step >= job.step else {
            throw ModelFailure.broken(
                step: CallStep.stepImage.name,
                reason: "step \(progress.step) after step \(job.step)")
        }
        job.step = progress.step
        job.state = progress.done ? .done : .running
        images.running[id] = job
        return progress
    }

    /// - Parameter out: has room for the picture that was asked for.
    func previewImage(
        _ id: ImageID, into out: PictureBuffer, _ call: LaneCall
    ) throws -> PicturePlace {
        guard let preview = image?.preview else {
            throw ModelFailure.unsupported("the model shows no pictures that are not done")
        }
        return try fill(out, with: try job(id, in: .running), .previewImage, call, preview)
    }

    /// - Parameter out: has room for the picture that was asked for.
    func finishImage(
        _ id: ImageID, into out: PictureBuffer, _ call: LaneCall
    ) throws -> PicturePlace {
        guard let finish = image?.finish else { throw noImages }
        return try fill(out, with: try job(id, in: .done), .finishImage, call, finish)
    }

    /// Bytes that a picture may fill; 0 of one that is not under way, which every call of it refuses.
    func pictureBytes(of id: ImageID) -> Int { images.running[id]?.room.byteCount ?? 0 }

    func endImage(_ id: ImageID, trace: CallTrace) throws {
        guard let end = image?.end, let job = images.running.removeValue(forKey: id) else {
            throw ModelFailure.argument("picture \(id.rawValue) is not under way")
        }
        trace.during(.endImage) { end(job.pointer) }
    }

    func endAllImages(trace: CallTrace) {
        for id in images.running.keys { try? endImage(id, trace: trace) }
    }

    private var noImages: ModelFailure { .unsupported("the model makes no pictures") }

    private func job(_ id: ImageID, in state: ImageJobs.State) throws -> ImageJobs.Job {
        guard let job = images.running[id], job.state == state else {
            throw ModelFailure.argument(
                "picture \(id.rawValue) is not \(state == .done ? "done" : "under way")")
        }
        return job
    }

    private typealias Fill = (
        OpaquePointer?, UnsafeMutablePointer<roost_image>?, UnsafePointer<roost_call>?
    ) -> roost_status

    private func fill(
        _ out: PictureBuffer, with job: ImageJobs.Job, _ step: CallStep, _ call: LaneCall,
        _ body: Fill
    ) throws -> PicturePlace {
        out.clear(job.room)
        var image = roost_image(
            struct_size: UInt32(MemoryLayout<roost_image>.size), width: UInt32(job.room.width),
            height: UInt32(job.room.height), channels: UInt32(ABI.imageChannels),
            rgb8: out.base, row_stride: UInt64(job.room.stride))
        try callPlugin(step, trace: call.trace, cancel: call.cancel, deadline: call.deadline) {
            body(job.pointer, &image, $0)
        }
        guard image.rgb8 == out.base else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "rgb8 was changed, expected the picture in the host's buffer")
        }
        guard image.channels == UInt32(ABI.imageChannels) else {
            throw ModelFailure.broken(
                step: step.name, reason: "\(image.channels) channels, expected \(ABI.imageChannels)"
            )
        }
        let place = PicturePlace(
            width: Int(image.width), height: Int(image.height),
            stride: Int(clamping: image.row_stride))
        try place.check(in: job.room, step: step)
        if let row = out.unwrittenRow(of: place) {
            throw ModelFailure.broken(
                step: step.name,
                reason: "row \(row) of the picture was not written, expected all "
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
            try negative.withPluginString { negative in
                try extraJSON.withPluginString { extra in
                    try (initial?.picture.rgb ?? []).withUnsafeBytes { rgb in
                        var request = roost_image_req()
                        request.struct_size = UInt32(MemoryLayout<roost_image_req>.size)
                        request.width = UInt32(width)
                        request.height = UInt32(height)
                        request.steps = UInt32(steps)
                        request.seed = seed
                        request.guidance = guidance ?? -1
                        request.strength = initial?.strength ?? 0
                        request.prompt = prompt
                        request.negative = negative
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
