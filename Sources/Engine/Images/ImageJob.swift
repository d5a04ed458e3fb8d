import PluginHost

/// The images of one request to the engine.
final class ImageJob: EngineJob, @unchecked Sendable {
    /// The image that is being made.
    struct Current {
        /// Its place among the images of the job.
        var number = 0
        /// What the model calls it, once begun.
        var id: JobID?
        /// Calls of `step`, and previews that were shown.
        var steps = 0
        var previews = 0
        /// After this many calls of `step` it will never be done.
        var most = ImageCapabilities.mostProgress
        /// Failures of the model during this image, and when the first of those calls began.
        var failures = 0
        var since: MonotonicTime?
    }

    private let requests: [ImageRequest]
    /// How many previews each image has.
    let previews: Int
    let events: JobChannel<ImageEvent>
    let submitted = MonotonicTime.now
    var hasBegun = false
    var current = Current()

    init(_ requests: [ImageRequest], previews: Int, events: JobChannel<ImageEvent>) {
        self.requests = requests
        self.previews = previews
        self.events = events
    }

    var isCancelled: Bool { events.isCancelled }
    var request: ImageRequest { requests[current.number] }

    func fail(_ error: any Error) {
        events.fail(error)
    }

    /// Goes on to the next image.
    ///
    /// - Returns: whether there is one.
    func advance() -> Bool {
        current = Current(number: current.number + 1)
        return current.number < requests.count
    }

    /// Starts the image again, in another instance of the model.
    func restart() {
        current.id = nil
        current.steps = 0
        current.previews = 0
    }

    /// Whether it is time for the next preview: of two, after a third and after two thirds of the steps.
    func wantsPreview(after progress: JobProgress) -> Bool {
        guard !progress.done, let of = progress.of, current.previews < previews else {
            return false
        }
        return progress.step * (previews + 1) >= of * (current.previews + 1)
    }
}
