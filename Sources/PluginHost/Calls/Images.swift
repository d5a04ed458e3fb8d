import Synchronization

/// A picture of a model that is under way, as the host numbers it.
package struct ImageID: Hashable, Sendable {
    package let rawValue: UInt64
    /// What it may fill; nil for one that was never begun.
    let room: PictureRoom?

    package init(rawValue: UInt64) { self.init(rawValue: rawValue, room: nil) }

    private init(rawValue: UInt64, room: PictureRoom?) {
        self.rawValue = rawValue
        self.room = room
    }

    private static let last = Atomic<UInt64>(0)

    /// Never given before.
    static func next(of room: PictureRoom?) -> ImageID {
        ImageID(rawValue: last.add(1, ordering: .relaxed).newValue, room: room)
    }
}

package struct BeginImageCall: ModelCall {
    package static let step = CallStep.beginImage
    package let id: ImageID
    package let request: ImageRequest

    package func check(for model: any LoadedModel) throws {
        try model.description.requiredImage.check(request)
    }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.beginImage(request, as: id, call)
    }
}

extension BeginImageCall {
    package func write(to writer: inout WireWriter) {
        writer.write(id.rawValue)
        writer.write(request.prompt)
        writer.write(request.negative)
        writer.write(request.width)
        writer.write(request.height)
        writer.write(request.steps)
        writer.write(request.seed)
        writer.write(optional: request.guidance) { $0.write($1) }
        writer.write(request.extraJSON)
        writer.write(optional: request.initial) { writer, initial in
            writer.write(initial.strength)
            writer.write(initial.picture.rgb)
        }
    }

    package init(from reader: inout WireReader) throws {
        id = ImageID(rawValue: try reader.read())
        var request = ImageRequest(prompt: try reader.read())
        request.negative = try reader.read()
        request.width = try reader.read()
        request.height = try reader.read()
        request.steps = try reader.read()
        request.seed = try reader.read()
        request.guidance = try reader.readOptional { try $0.read() }
        request.extraJSON = try reader.read()
        let (width, height) = (request.width, request.height)
        request.initial = try reader.readOptional { reader in
            let strength: Float = try reader.read()
            let rgb: [UInt8] = try reader.read()
            // Sides that no picture has could overflow the product.
            guard max(width, height) <= ImageCapabilities.longestSide,
                rgb.count == width * height * ABI.imageChannels
            else {
                throw WireError.value("\(rgb.count) bytes of a picture of \(width)x\(height)")
            }
            let picture = Picture(width: width, height: height, rgb: rgb)
            return ImageRequest.Initial(picture: picture, strength: strength)
        }
        self.request = request
    }
}

/// A call for a picture that is under way.
package protocol ImageCall: ModelCall {
    var id: ImageID { get }
    init(id: ImageID)
}

extension ImageCall {
    package func check(for model: any LoadedModel) throws {
        _ = try model.description.requiredImage
    }

    package func write(to writer: inout WireWriter) {
        writer.write(id.rawValue)
    }

    package init(from reader: inout WireReader) throws {
        self.init(id: ImageID(rawValue: try reader.read()))
    }
}

package struct StepImageCall: ImageCall {
    package static let step = CallStep.stepImage
    package let id: ImageID

    package init(id: ImageID) { self.id = id }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> ImageProgress {
        try model.stepImage(id, call)
    }

    package func result(
        _ progress: ImageProgress, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> ImageProgress {
        try progress.check()
        return progress
    }

    package static func write(_ progress: ImageProgress, to writer: inout WireWriter) {
        writer.write(progress.done)
        writer.write(progress.step)
        writer.write(progress.of ?? 0)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> ImageProgress {
        let (done, step, of): (Bool, Int, Int) = try (reader.read(), reader.read(), reader.read())
        return ImageProgress(done: done, step: step, of: of == 0 ? nil : of)
    }
}

/// A call that leaves a picture in the lane's memory.
package protocol PictureCall: ImageCall where Answer == PicturePlace, Result == Picture {}

extension PictureCall {
    package func result(
        _ place: PicturePlace, in memory: any LaneMemory, of model: any LoadedModel
    ) throws -> Picture {
        guard let room = id.room else {
            throw ModelFailure.argument("picture \(id.rawValue) is not under way")
        }
        try place.check(in: room, step: Self.step)
        return try memory.picture(room.byteCount).picture(at: place)
    }

    package static func write(_ place: PicturePlace, to writer: inout WireWriter) {
        writer.write(place.width)
        writer.write(place.height)
        writer.write(place.stride)
    }

    package static func readAnswer(from reader: inout WireReader) throws -> PicturePlace {
        PicturePlace(
            width: try reader.read(), height: try reader.read(), stride: try reader.read())
    }
}

package struct PreviewImageCall: PictureCall {
    package static let step = CallStep.previewImage
    package let id: ImageID

    package init(id: ImageID) { self.id = id }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> PicturePlace {
        try model.previewImage(id, into: try memory.picture(model.pictureBytes(of: id)), call)
    }
}

package struct FinishImageCall: PictureCall {
    package static let step = CallStep.finishImage
    package let id: ImageID

    package init(id: ImageID) { self.id = id }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws -> PicturePlace {
        try model.finishImage(id, into: try memory.picture(model.pictureBytes(of: id)), call)
    }
}

package struct EndImageCall: ImageCall {
    package static let step = CallStep.endImage
    package let id: ImageID

    package init(id: ImageID) { self.id = id }

    package func limit(_ limits: WorkerLimits) -> Duration? { limits.sequence }

    package func perform(
        on model: ModelInstance, in memory: any LaneMemory, _ call: LaneCall
    ) throws {
        try model.endImage(id, trace: call.trace)
    }
}

/// Pictures are made a step at a time, and several may be under way.
extension LoadedModel {
    /// Starts a picture, which must be ended. Lane.
    package func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> ImageID {
        let room = description.image?.pictureRoom(for: request)
        let begin = BeginImageCall(id: .next(of: room), request: request)
        try call(begin, deadline: deadline)
        return begin.id
    }

    /// Makes one step; refused once the picture is done or a step has failed. Lane.
    package func stepImage(_ id: ImageID, deadline: Duration?) throws -> ImageProgress {
        try call(StepImageCall(id: id), deadline: deadline)
    }

    /// The picture so far, perhaps smaller than it will be; only before it is done. Lane.
    package func previewImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        try call(PreviewImageCall(id: id), deadline: deadline)
    }

    /// The picture; only once it is done. Lane.
    package func finishImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        try call(FinishImageCall(id: id), deadline: deadline)
    }

    /// Lets go of a picture, whether or not it is done. Lane.
    package func endImage(_ id: ImageID) throws {
        try call(EndImageCall(id: id))
    }
}

// MARK: - What a model says of it

extension WireWriter {
    mutating func write(_ capabilities: ImageCapabilities) {
        write(capabilities.width)
        write(capabilities.height)
        write(capabilities.steps)
        write(optional: capabilities.guidance) { $0.write($1) }
        write(capabilities.multipleOf)
        write(capabilities.schedulers)
        write(optional: capabilities.scheduler) { $0.write($1) }
        write(capabilities.maxTokens ?? 0)
        write(capabilities.previews)
    }
}

extension ImageCapabilities {
    init(from reader: inout WireReader) throws {
        width = try reader.read()
        height = try reader.read()
        steps = try reader.read()
        guidance = try reader.readOptional { try $0.read() }
        multipleOf = try reader.read()
        schedulers = try reader.read()
        scheduler = try reader.readOptional { try $0.read() }
        let tokens: Int = try reader.read()
        maxTokens = tokens == 0 ? nil : tokens
        previews = try reader.read()
        try check()
    }
}
