extension WorkerModel {
    func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> ImageID {
        guard let capabilities = description.image else { throw ModelFailure.noImages }
        try capabilities.check(request)
        let call = BeginImageCall(request: request, deadline: deadline.map { .now + $0 })
        let answer = try laneCall(.beginImage, call.payload, step: .beginImage, limit: deadline)
        let number = try decoding(.beginImage) { try Number(answer).value }
        let id = ImageID(rawValue: UInt32(truncatingIfNeeded: number))
        guard rooms.add(capabilities.pictureRoom(for: request), for: id) else {
            throw ModelFailure.broken(
                step: CallStep.beginImage.name,
                reason: "a picture of number \(number), which is under way already")
        }
        return id
    }

    func stepImage(_ id: ImageID, deadline: Duration?) throws -> ImageProgress {
        let answer = try imageCall(.stepImage, id, step: .stepImage, deadline)
        return try decoding(.stepImage) { try ImageProgress(answer) }
    }

    func previewImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        try picture(.previewImage, id, step: .previewImage, deadline)
    }

    func finishImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        try picture(.finishImage, id, step: .finishImage, deadline)
    }

    func endImage(_ id: ImageID) throws {
        rooms.forget(id)
        _ = try imageCall(.endImage, id, step: .endImage, limits.sequence)
    }

    /// The picture that a call leaves in the shared memory.
    private func picture(
        _ kind: Frame.Kind, _ id: ImageID, step: CallStep, _ deadline: Duration?
    ) throws -> Picture {
        guard description.image != nil else { throw ModelFailure.noImages }
        let room = try rooms.of(id)
        let answer = try imageCall(kind, id, step: step, deadline)
        let place = try decoding(step) { try PicturePlace(answer) }
        // The worker has checked it, but who knows what has become of a worker.
        try place.check(in: room, step: step)
        return pictureBuffer.picture(
            width: place.width, height: place.height, stride: place.stride)
    }

    private func imageCall(
        _ kind: Frame.Kind, _ id: ImageID, step: CallStep, _ limit: Duration?
    ) throws -> [UInt8] {
        guard description.image != nil else { throw ModelFailure.noImages }
        let call = ImageCall(id: id, deadline: limit.map { .now + $0 })
        return try laneCall(kind, call.payload, step: step, limit: limit)
    }
}

/// How large the pictures under way may become.
final class ImageRooms: Sendable {
    private let rooms = Monitor<[ImageID: PictureRoom]>([:])

    /// - Returns: false where the picture has one already.
    func add(_ room: PictureRoom, for id: ImageID) -> Bool {
        rooms.withLock { rooms in
            if rooms[id] != nil { return false }
            rooms[id] = room
            return true
        }
    }

    func forget(_ id: ImageID) {
        rooms.withLock { $0[id] = nil }
    }

    /// - Throws: `.refused` for a picture that is not under way.
    func of(_ id: ImageID) throws -> PictureRoom {
        guard let room = rooms.withLock({ $0[id] }) else {
            throw ModelFailure.argument("picture \(id.rawValue) is not under way")
        }
        return room
    }
}
