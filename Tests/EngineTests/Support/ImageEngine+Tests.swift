import Engine
import PluginHost
import Testing

/// Requests for images of a prompt, with the seeds 7, 8, …
func imageRequests(_ prompt: String, count: Int = 1, steps: Int = 4) -> [ImageRequest] {
    (0..<count).map { index in
        var request = ImageRequest(prompt: prompt)
        request.steps = steps
        request.seed = 7 + UInt64(index)
        return request
    }
}

extension ImageEngine {
    /// All that happens to a job.
    func events(_ requests: [ImageRequest], previews: Int = 0) async throws -> [ImageEvent] {
        var events: [ImageEvent] = []
        for try await event in try make(requests, previews: previews) { events.append(event) }
        return events
    }

    /// Begins with a job, and returns once it is in the queue.
    func begin(
        _ requests: [ImageRequest], previews: Int = 0
    ) async -> Task<[ImageEvent], any Error> {
        let before = statistics.accepted
        let task = Task { try await events(requests, previews: previews) }
        await eventually { statistics.accepted > before }
        return task
    }
}

extension [ImageEvent] {
    var images: [RGBImage] {
        compactMap { if case .image(_, let image) = $0 { image } else { nil } }
    }

    var previews: [RGBImage] {
        compactMap { if case .preview(_, _, let image) = $0 { image } else { nil } }
    }
}
