package import PluginHost

/// Makes pictures with one model for many callers at a time, a step at a time.
///
/// Requests take turns. When the model is lost, the pictures that it was at are begun anew; see
/// `ImageLane`.
package final class ImageEngine: GenerationServing {
    private let supervisor: ModelSupervisor
    private let options: ImageEngineOptions
    private let inbox: ImageInbox
    package let info: ModelInfo
    package let capabilities: ImageCapabilities

    /// Starts the model if it is not up yet; blocks until it is.
    ///
    /// - Throws: what the start of the model failed with; `EngineError.unsupported` for a model that
    ///   makes no pictures.
    package init(
        supervisor: ModelSupervisor, options: ImageEngineOptions = ImageEngineOptions()
    ) throws {
        let description = try supervisor.current().description
        guard let capabilities = description.image else {
            throw EngineError.unsupported("pictures")
        }
        var options = options
        options.parallel = max(1, options.parallel)
        self.supervisor = supervisor
        self.options = options
        self.capabilities = capabilities
        info = ModelInfo(description)
        inbox = ImageInbox(options)
        let lane = ImageLane(supervisor: supervisor, options: options, inbox: inbox)
        BlockingThread.start("roost-images") { lane.run() }
    }

    deinit {
        inbox.stop()
    }

    package var statistics: ImageStatistics { inbox.statistics }

    /// Makes the pictures of an order. A reader that goes away ends that within a step.
    ///
    /// - Returns: what happens, the pictures among it.
    /// - Throws: `EngineError` for an order that finds no place in the queue.
    package func make(_ order: ImageOrder) throws(EngineError) -> ImageStream {
        let channel = ImageChannel { [weak inbox] in inbox?.ring() }
        guard !order.requests.isEmpty else {
            throw .invalidParameter(name: "n", reason: "is 0, expected 1 or more")
        }
        for request in order.requests { try supervisor.check(request.fingerprint) }
        try inbox.submit(ImageRun(order, channel: channel))
        return ImageStream(channel, of: self)
    }

    /// Takes no new requests and returns when those it has are done, or after `limit`.
    package func drain(upTo limit: Duration) async {
        await inbox.drain(upTo: limit)
    }

    /// Ends all requests with `.stopped`; returns when nothing calls the model any more, or when a call
    /// does not come back within the options' patience.
    package func stop() async {
        inbox.stop()
        await inbox.waitForEnd(atMost: options.stopPatience)
    }
}
