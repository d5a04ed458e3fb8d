import Engine

/// The answers to one request, generated concurrently.
struct Choices: Sendable {
    private let streams: [GenerationStream]

    /// - Throws: the error of the first refused request; the others end with it.
    init(_ requests: [GenerationRequest], engine: TextEngine) throws {
        streams = try requests.map { try engine.submit($0) }
    }

    var count: Int { streams.count }

    func cancel() {
        for stream in streams { stream.cancel() }
    }

    /// Ends one of them as if it had come to its end by itself.
    func conclude(_ index: Int) {
        streams[index].conclude()
    }

    /// Calls `body` with every event and the index of its choice. Meanwhile that choice delivers no
    /// other event, so that a slow reader pauses it.
    func forEach(_ body: (Int, GenerationEvent) async throws -> Void) async throws {
        if streams.count == 1 {
            for try await event in streams[0] { try await body(0, event) }
        } else {
            try await forEachOfSeveral(body)
        }
    }

    private func forEachOfSeveral(
        _ body: (Int, GenerationEvent) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (index: Int, event: GenerationEvent)?.self) { group in
            for index in streams.indices { group.addTask { try await next(of: index) } }
            while let found = try await group.next() {
                guard let (index, event) = found else { continue }
                try await body(index, event)
                group.addTask { try await next(of: index) }
            }
        }
    }

    /// The next event of a choice; nil at its end.
    private func next(of index: Int) async throws -> (index: Int, event: GenerationEvent)? {
        var events = streams[index].makeAsyncIterator()
        return try await events.next().map { (index, $0) }
    }
}

/// The total usage of a request's choices.
package struct UsageSum: Sendable {
    package private(set) var promptTokens = 0
    package private(set) var cachedTokens = 0
    package private(set) var completionTokens = 0
    /// Tokens that made room for others.
    package private(set) var droppedTokens = 0

    /// - Parameter isFirst: whether the choice is the first of its prompt; a prompt counts once.
    mutating func add(_ usage: Usage, isFirst: Bool) {
        completionTokens += usage.completionTokens
        droppedTokens += usage.droppedTokens
        guard isFirst else { return }
        promptTokens += usage.promptTokens
        cachedTokens += usage.cachedTokens
    }
}

extension RequestRecord {
    func note(_ usage: UsageSum) {
        note { facts in
            facts.promptTokens = usage.promptTokens
            facts.completionTokens = usage.completionTokens
        }
    }
}
