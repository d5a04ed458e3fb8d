import JSON
package import PluginHost

/// Makes images with one model for many callers at a time, a step at a time.
///
/// Jobs take turns. If the model is lost, its current images are started again; see `ImageLoop`.
package final class ImageEngine: RevisionServing {
    private let supervisor: ModelSupervisor
    private let options: EngineOptions
    private let queue: JobQueue<ImageJob>
    package let info: ModelInfo
    package let capabilities: ImageCapabilities

    /// Starts the model if necessary; blocks until it is up.
    ///
    /// - Throws: the error of the model's start; `EngineError.unsupported` for a model that makes
    ///   no images.
    package init(supervisor: ModelSupervisor, options: EngineOptions = .images) throws {
        let description = try supervisor.current().description
        guard let capabilities = description.image else {
            throw EngineError.unsupported("images")
        }
        var options = options
        options.parallel = max(1, options.parallel)
        self.supervisor = supervisor
        self.options = options
        self.capabilities = capabilities
        info = ModelInfo(description)
        queue = JobQueue(limit: options.queueLimit)
        let loop = ImageLoop(supervisor, options, queue)
        BlockingThread.start("roost-images") { loop.run() }
    }

    deinit {
        queue.stop()
    }

    package var statistics: EngineStatistics { queue.statistics }

    /// Makes images, one after the other, as one job. If its reader leaves, it ends within a step.
    ///
    /// - Parameter previews: how many to show of each image, evenly spread over its steps.
    /// - Returns: its events, including the images.
    /// - Throws: `EngineError` for a job that finds no place in the queue.
    package func make(
        _ requests: [ImageRequest], previews: Int = 0
    ) throws(EngineError) -> ImageStream {
        guard !requests.isEmpty else {
            throw .invalidParameter(name: "n", reason: "is 0, expected 1 or more")
        }
        for request in requests { try supervisor.check(request.fingerprint) }
        let events = JobChannel<ImageEvent>(options, to: queue)
        try queue.submit(ImageJob(requests, previews: previews, events: events))
        return ImageStream(events, of: self)
    }

    package func drain(upTo limit: Duration) async {
        await queue.drain(upTo: limit)
    }

    package func stop() async {
        await queue.stop(patience: options.stopPatience)
    }
}

extension ImageRequest {
    /// The seed is not part of the request's identity: it differs every time if none is given.
    var fingerprint: Int {
        Fingerprint.of(
            "image", ExactString(prompt), ExactString(negativePrompt), width, height, steps,
            extraJSON, initial?.image.rgb)
    }
}

/// The events of a job. Images are numbered from 0.
package enum ImageEvent: Sendable, Equatable {
    /// A step is done. After a crash of the model, an image's steps start again.
    case step(image: Int, JobProgress)
    /// The image so far, perhaps smaller than the finished one.
    case preview(image: Int, number: Int, RGBImage)
    case image(Int, RGBImage)
}

/// What happens while the images of one job are made.
package typealias ImageStream = JobEvents<ImageEvent>

extension ImageEvent: JobEvent {
    /// A slow reader gets only the latest of several steps.
    package mutating func join(_ next: ImageEvent) -> Bool {
        guard case .step = self, case .step = next else { return false }
        self = next
        return true
    }
}
