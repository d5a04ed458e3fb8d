import Engine
import PluginHost
import Testing

/// Requests for pictures of a prompt, with the seeds 7, 8, …
func order(_ prompt: String, count: Int = 1, steps: Int = 4) -> [ImageRequest] {
    (0..<count).map { index in
        var request = ImageRequest(prompt: prompt)
        request.steps = steps
        request.seed = 7 + UInt64(index)
        return request
    }
}

extension ImageEngine {
    /// All that happens to an order.
    func events(_ order: ImageOrder) async throws -> [ImageEvent] {
        var events: [ImageEvent] = []
        for try await event in try make(order) { events.append(event) }
        return events
    }

    /// Begins with an order, and returns once it is in the queue.
    func begin(_ order: ImageOrder) async -> Task<[ImageEvent], any Error> {
        let before = statistics.accepted
        let task = Task { try await events(order) }
        await eventually { statistics.accepted > before }
        return task
    }
}

extension [ImageEvent] {
    var pictures: [Picture] {
        compactMap { if case .image(_, let picture) = $0 { picture } else { nil } }
    }

    var previews: [Picture] {
        compactMap { if case .preview(_, _, let picture) = $0 { picture } else { nil } }
    }
}
