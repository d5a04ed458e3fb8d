import PluginABI

package struct BeginImageCall: ModelCall {
    package static let step = CallStep.beginImage
    package var id: JobID
    package var request: ImageRequest

    package mutating func pass(_ wire: inout Wire) throws { try wire.pass(&id, &request) }

    package func check(on host: HostSide) throws {
        try host.description.requiredImage.check(request)
    }

    package func perform(on plugin: PluginSide) throws {
        let begin = try supported(plugin.model.image?.begin, else: noImages)
        let room = try plugin.model.description.requiredImage.room(for: request)
        let end = plugin.model.image?.end
        try plugin.model.jobs.begin(.image, id, in: Self.step, end: end, room: room) { job in
            try request.withPluginRequest { request in
                try plugin.call(Self.step) { begin(plugin.model.context, request, &job, $0) }
            }
        }
    }
}

package struct StepImageCall: JobCall {
    package typealias Answer = JobProgress
    package static let step = CallStep.stepImage
    package var id: JobID

    package func perform(on plugin: PluginSide) throws -> JobProgress {
        let step = try supported(plugin.model.image?.step, else: noImages)
        return try plugin.model.jobs.step(.image, id, in: Self.step) { job, progress in
            try plugin.call(Self.step) { step(job, &progress, $0) }
            return []
        }
    }

    package func result(_ progress: JobProgress, on host: HostSide) throws -> JobProgress {
        try progress.checkAsImage()
        return progress
    }
}

/// A call that leaves an image in the lane's memory.
package protocol PixelsCall: JobCall where Answer == ImagePlace, Result == RGBImage {}

extension PixelsCall {
    package func result(_ place: ImagePlace, on host: HostSide) throws -> RGBImage {
        guard let room = id.room else { throw JobKind.image.isNot("under way", id) }
        try place.check(in: room, step: Self.step)
        return try host.memory.image(room.byteCount).image(at: place)
    }

    fileprivate typealias Fill = (
        OpaquePointer?, UnsafeMutablePointer<roost_image>?, UnsafePointer<roost_call>?
    ) -> roost_status

    fileprivate func image(
        in state: JobTable.State, on plugin: PluginSide, _ body: Fill
    ) throws -> ImagePlace {
        let job = try plugin.model.jobs.job(.image, id, in: state)
        guard let room = job.room else { throw JobKind.image.isNot("under way", id) }
        let out = try plugin.memory.image(room.byteCount)
        out.clear(room)
        var image = roost_image(
            struct_size: UInt32(MemoryLayout<roost_image>.size), width: UInt32(room.width),
            height: UInt32(room.height), channels: UInt32(ABI.imageChannels), rgb8: out.base,
            row_stride: UInt64(room.stride))
        try plugin.call(Self.step) { body(job.pointer, &image, $0) }
        return try out.place(of: image, in: room, Self.step)
    }
}

package struct PreviewImageCall: PixelsCall {
    package static let step = CallStep.previewImage
    package var id: JobID

    package func perform(on plugin: PluginSide) throws -> ImagePlace {
        let preview = try supported(
            plugin.model.image?.preview, else: "the model shows no images that are not done")
        return try image(in: .running, on: plugin, preview)
    }
}

package struct FinishImageCall: PixelsCall {
    package static let step = CallStep.finishImage
    package var id: JobID

    package func perform(on plugin: PluginSide) throws -> ImagePlace {
        let finish = try supported(plugin.model.image?.finish, else: noImages)
        return try image(in: .done, on: plugin, finish)
    }
}

// MARK: - In the plugin

private let noImages = "the model makes no images"

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
    package func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> JobID {
        let room = description.image?.room(for: request)
        let begin = BeginImageCall(id: .next(of: room), request: request)
        try call(begin, deadline: deadline)
        return begin.id
    }

    /// Makes one step; refused once the image is done or a step has failed. Lane.
    package func stepImage(_ id: JobID, deadline: Duration?) throws -> JobProgress {
        try call(StepImageCall(id: id), deadline: deadline)
    }

    /// The image so far, perhaps smaller than the finished one; only before it is done. Lane.
    package func previewImage(_ id: JobID, deadline: Duration?) throws -> RGBImage {
        try call(PreviewImageCall(id: id), deadline: deadline)
    }

    /// The finished image; only once it is done. Lane.
    package func finishImage(_ id: JobID, deadline: Duration?) throws -> RGBImage {
        try call(FinishImageCall(id: id), deadline: deadline)
    }
}

// MARK: - On the wire

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
