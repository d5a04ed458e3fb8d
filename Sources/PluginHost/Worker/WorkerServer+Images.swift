/// The calls for pictures.
extension WorkerServer {
    /// - Returns: nil for a call of another kind.
    func answerImage(_ call: Frame) throws -> [UInt8]? {
        switch call.kind {
        case .beginImage:
            let begin = try BeginImageCall(call.payload)
            let id = try instance.beginImage(begin.request, try self.call(until: begin.deadline))
            return Number(Int(id.rawValue)).payload
        case .stepImage:
            let (id, call) = try imageCall(call)
            return try instance.stepImage(id, call).payload
        case .previewImage:
            let (id, call) = try imageCall(call)
            return try instance.previewImage(id, into: try pictureBuffer, call).payload
        case .finishImage:
            let (id, call) = try imageCall(call)
            return try instance.finishImage(id, into: try pictureBuffer, call).payload
        case .endImage:
            try instance.endImage(try ImageCall(call.payload).id, trace: page.laneTrace)
            return []
        default: return nil
        }
    }

    private func imageCall(_ frame: Frame) throws -> (ImageID, LaneCall) {
        let call = try ImageCall(frame.payload)
        return (call.id, try self.call(until: call.deadline))
    }
}
