extension InProcessModel {
    func beginImage(_ request: ImageRequest, deadline: Duration?) throws -> ImageID {
        try lane(deadline) { try instance.beginImage(request, $0) }
    }

    func stepImage(_ id: ImageID, deadline: Duration?) throws -> ImageProgress {
        try lane(deadline) { try instance.stepImage(id, $0) }
    }

    func previewImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        try picture(id, deadline) { try instance.previewImage(id, into: $0, $1) }
    }

    func finishImage(_ id: ImageID, deadline: Duration?) throws -> Picture {
        try picture(id, deadline) { try instance.finishImage(id, into: $0, $1) }
    }

    func endImage(_ id: ImageID) throws {
        try call { try instance.endImage(id, trace: .none) }
    }

    private func picture(
        _ id: ImageID, _ deadline: Duration?,
        _ body: (PictureBuffer, LaneCall) throws -> PicturePlace
    ) throws -> Picture {
        try lane(deadline) { call in
            let memory = room(instance.pictureBytes(of: id))
            let buffer = PictureBuffer(base: memory.assumingMemoryBound(to: UInt8.self))
            let place = try body(buffer, call)
            return buffer.picture(width: place.width, height: place.height, stride: place.stride)
        }
    }
}
