import PluginABI

/// `roost.image/1`
enum ImageTable {
    static var pointer: UnsafeRawPointer { UnsafeRawPointer(table.pointer) }

    private static let table = Static(
        roost_ext_image(
            struct_size: structSize(roost_ext_image.self), reserved: 0, begin: beginImage,
            step: stepImage, preview: previewImage, finish: finishImage, end: endImage))
}

/// What a `roost_job` points to. Keeps its context.
private final class ImageJobBox {
    let context: ContextBox
    let job: any ImageJob
    var isDone = false

    init(_ job: any ImageJob, in context: ContextBox) {
        self.job = job
        self.context = context
    }
}

private func beginImage(
    context: OpaquePointer?, request: UnsafePointer<roost_image_req>?,
    out: UnsafeMutablePointer<OpaquePointer?>?, call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try context.box(ContextBox.self, "context")
        guard let images = box.images else {
            throw PluginError(.unsupported, "the model does not draw")
        }
        guard let out else {
            throw PluginError(.argument, "the place for the job is null")
        }
        let request = try ImageRequest(checked(request, "roost_image_req", size: \.struct_size))
        let job = try box.lane { try images.begin(request, call: call) }
        out.pointee = OpaquePointer(owning: ImageJobBox(job, in: box))
    }
}

private func stepImage(
    job: OpaquePointer?, progress: UnsafeMutablePointer<roost_progress>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try job.box(ImageJobBox.self, "job")
        _ = try checked(UnsafePointer(progress), "roost_progress", size: \.struct_size)
        let found = try box.context.lane {
            guard !box.isDone else {
                throw PluginError(.argument, "the image is done; finish or end may follow")
            }
            try call.check()
            let found = try box.job.step(call: call)
            box.isDone = found.done
            return found
        }
        let state = roost_progress(
            struct_size: structSize(roost_progress.self), done: found.done ? 1 : 0,
            step: UInt32(clamping: found.step), of: UInt32(clamping: found.of))
        try fill(progress, "roost_progress", size: \.struct_size, with: state)
    }
}

private func previewImage(
    job: OpaquePointer?, out: UnsafeMutablePointer<roost_image>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try job.box(ImageJobBox.self, "job")
        let image = try box.context.lane { try box.job.preview(call: call) }
        guard let image else {
            throw PluginError(.unsupported, "the model has no previews")
        }
        try write(image, to: out)
    }
}

private func finishImage(
    job: OpaquePointer?, out: UnsafeMutablePointer<roost_image>?,
    call: UnsafePointer<roost_call>?
) -> roost_status {
    answer(call) { call in
        let box = try job.box(ImageJobBox.self, "job")
        let image = try box.context.lane {
            guard box.isDone else {
                throw PluginError(.argument, "the image is not done; step until it is")
            }
            return try box.job.finish(call: call)
        }
        try write(image, to: out)
    }
}

private func endImage(job: OpaquePointer?) {
    job?.release(ImageJobBox.self)
}

// MARK: - Images

/// Copies an image to the top left of the host's buffer.
private func write(_ image: RGBImage, to out: UnsafeMutablePointer<roost_image>?) throws {
    var buffer = try checked(UnsafePointer(out), "roost_image", size: \.struct_size)
    let rowBytes = ABI.imageChannels * image.width
    guard buffer.width >= image.width, buffer.height >= image.height,
        buffer.row_stride >= rowBytes, let base = buffer.rgb8
    else {
        throw PluginError(
            .argument,
            "the buffer has \(buffer.width) × \(buffer.height) pixels in rows of "
                + "\(buffer.row_stride) bytes, expected at least \(image.width) × "
                + "\(image.height) in rows of \(rowBytes)")
    }
    image.rgb.withUnsafeBufferPointer { rgb in
        for row in 0..<image.height {
            let source = rgb[row * rowBytes..<(row + 1) * rowBytes]
            let target = UnsafeMutableBufferPointer(
                start: base + row * Int(buffer.row_stride), count: rowBytes)
            _ = target.update(fromContentsOf: UnsafeBufferPointer(rebasing: source))
        }
    }
    (buffer.width, buffer.height) = (UInt32(image.width), UInt32(image.height))
    buffer.channels = UInt32(ABI.imageChannels)
    try fill(out, "roost_image", size: \.struct_size, with: buffer)
}

// MARK: - Requests

extension ImageRequest {
    fileprivate init(_ input: roost_image_req) throws {
        guard !input.guidance.isNaN, input.guidance != .infinity else {
            throw PluginError(.argument, "guidance is \(input.guidance), expected a number")
        }
        let initial = try input.init_rgb8.bytes("init_rgb8")
        guard initial.isEmpty || (0...1).contains(input.strength) else {
            throw PluginError(.argument, "strength is \(input.strength), expected 0 to 1")
        }
        self.init(
            prompt: try input.prompt.string("prompt"),
            negativePrompt: try input.negative_prompt.string("negative_prompt"),
            width: input.width == 0 ? nil : Int(input.width),
            height: input.height == 0 ? nil : Int(input.height),
            steps: input.steps == 0 ? nil : Int(input.steps),
            guidance: input.guidance < 0 ? nil : Double(input.guidance), seed: input.seed,
            strength: initial.isEmpty ? 1 : Double(input.strength), initial: initial,
            mask: try input.mask_u8.bytes("mask_u8"),
            extraJSON: try input.extra_json.string("extra_json"))
    }
}

extension roost_span {
    /// A copy of the bytes.
    fileprivate func bytes(_ name: StaticString) throws -> [UInt8] {
        guard len > 0 else { return [] }
        guard let ptr, let count = Int(exactly: len) else {
            throw PluginError(.argument, "\(name) has \(len) bytes at a null pointer")
        }
        return Array(UnsafeRawBufferPointer(start: ptr, count: count))
    }
}
