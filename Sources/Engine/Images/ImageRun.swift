import PluginHost

/// A request from its submission to its end. After the submission only the lane's thread touches it.
final class ImageRun: @unchecked Sendable {
    /// The picture that is being made.
    struct Current {
        /// Its place among the pictures of the request.
        var number = 0
        /// What the model calls it, once begun.
        var id: ImageID?
        /// Calls of `step`, and previews that were shown.
        var steps = 0
        var previews = 0
        /// Calls of `step` after which it will never be done.
        var most = ImageCapabilities.mostProgress
        /// Failures of the model while it was at this picture, and when the first of those calls began.
        var failures = 0
        var since: MonotonicTime?
    }

    let order: ImageOrder
    let channel: ImageChannel
    let submitted = MonotonicTime.now
    var current = Current()
    /// Whether it has had a step.
    var hasBegun = false

    init(_ order: ImageOrder, channel: ImageChannel) {
        self.order = order
        self.channel = channel
    }

    var isCancelled: Bool { channel.isCancelled }
    var request: ImageRequest { order.requests[current.number] }

    /// Goes on to the next picture.
    /// - Returns: whether there is one.
    func advance() -> Bool {
        current = Current(number: current.number + 1)
        return current.number < order.requests.count
    }

    /// Makes the picture begin anew, in another instance of the model.
    func restart() {
        current.id = nil
        current.steps = 0
        current.previews = 0
    }

    /// Whether it is time for the next preview: of two, after a third and after two thirds of the steps.
    func wantsPreview(after progress: ImageProgress) -> Bool {
        guard !progress.done, let of = progress.of, current.previews < order.previews else {
            return false
        }
        return progress.step * (order.previews + 1) >= of * (current.previews + 1)
    }
}
