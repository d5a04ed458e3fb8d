import Engine
import PluginHost
import Testing

extension VectorEngine {
    func embed(_ texts: [String]) async throws -> EmbeddingResult {
        try await embed(texts.map(EmbeddingInput.text), purpose: .symmetric)
    }

    /// Begins to embed, and returns once the request is in the queue.
    func begin(_ texts: [String]) async -> Task<EmbeddingResult, any Error> {
        let before = statistics.accepted
        let task = Task { try await embed(texts) }
        await eventually { statistics.accepted > before }
        return task
    }
}

/// Waits, without blocking a thread, until something holds that is bound to come; fails where it does not.
func eventually(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool
) async {
    let end = ContinuousClock.now + .seconds(300)
    while !condition() {
        guard .now < end else {
            Issue.record("did not hold within five minutes", sourceLocation: sourceLocation)
            return
        }
        try? await Task.sleep(for: .milliseconds(1))
    }
}

/// A step that stops at a gate.
func gated(
    at step: Int, _ then: @escaping VectorWorld.Script = { _, _ in nil }
) -> (VectorWorld, Gatekeeper) {
    let gate = Gatekeeper()
    return (
        VectorWorld(script: { number, texts in
            if number == step { gate.stop() }
            return then(number, texts)
        }), gate
    )
}

extension TestRandom {
    /// A text of up to `length` letters.
    mutating func text(_ length: Int) -> String {
        let count = Int.random(in: 0...length, using: &self)
        return String(
            decoding: (0..<count).map { _ in UInt8.random(in: 97...122, using: &self) },
            as: UTF8.self)
    }
}
