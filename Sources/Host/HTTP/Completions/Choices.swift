import Engine

/// The answers to one request, generated side by side.
struct Choices: Sendable {
    private let streams: [GenerationStream]

    /// - Throws: what the first refused request was refused with; the others end with it.
    init(_ requests: [GenerationRequest], engine: TextEngine) throws {
        streams = try requests.map { try engine.submit($0) }
    }

    var count: Int { streams.count }

    func cancel() {
        for stream in streams { stream.cancel() }
    }

    /// Calls `body` with every event and the index of its choice.
    func forEach(_ body: (Int, GenerationEvent) async throws -> Void) async throws {
        if streams.count == 1 {
            for try await event in streams[0] { try await body(0, event) }
        } else {
            for try await (index, event) in merged() { try await body(index, event) }
        }
    }

    private func merged() -> AsyncThrowingStream<(Int, GenerationEvent), any Error> {
        let (merged, continuation) = AsyncThrowingStream<(Int, GenerationEvent), any Error>
            .makeStream()
        let pump = Task {
            do {
                try await withThrowingTaskGroup { group in
                    for (index, stream) in streams.enumerated() {
                        group.addTask {
                            for try await event in stream { continuation.yield((index, event)) }
                        }
                    }
                    try await group.waitForAll()
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in pump.cancel() }
        return merged
    }
}

/// What the choices of a request cost together.
struct UsageSum: Sendable {
    private(set) var promptTokens = 0
    private(set) var cachedTokens = 0
    private(set) var completionTokens = 0

    /// - Parameter isFirst: whether the choice is the first of its prompt; a prompt counts once.
    mutating func add(_ usage: Usage, isFirst: Bool) {
        completionTokens += usage.completionTokens
        guard isFirst else { return }
        promptTokens += usage.promptTokens
        cachedTokens += usage.cachedTokens
    }

    var json: JSONValue {
        [
            "prompt_tokens": .integer(promptTokens),
            "completion_tokens": .integer(completionTokens),
            "total_tokens": .integer(promptTokens + completionTokens),
            "prompt_tokens_details": ["cached_tokens": .integer(cachedTokens)],
        ]
    }
}
