import Engine
import PluginHost
import Testing

/// Many requests of all kinds at once, with failures in between, against what each gives alone.
@Suite struct VectorTrafficTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func requestsGiveWhatTheyGiveAlone(seed: UInt64) async throws {
        let world = VectorWorld(script: { step, _ in
            switch step % 23 {
            case 7: .segfault
            case 15: .busy
            default: nil
            }
        })
        let engine = try world.engine {
            $0.tokenBudget = 120
            $0.queueLimit = 1000
            $0.retries = 1000
            $0.cacheBytes = 30_000
        }
        var random = TestRandom(state: seed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<150 {
                let kind = Int.random(in: 0..<6, using: &random)
                let texts = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                    random.text(50)
                }
                let leaves = Int.random(in: 0..<10, using: &random) == 0
                group.addTask {
                    let request = Task { try await Self.check(kind, texts, engine, world) }
                    if leaves { request.cancel() }
                    do { try await request.value } catch is CancellationError {}
                }
            }
            try await group.waitForAll()
        }
        await eventually { engine.statistics.open == 0 }
        let statistics = engine.statistics
        #expect(statistics.failed == 0)
        #expect(statistics.accepted == statistics.finished + statistics.cancelled)
        #expect(statistics.recoveries > 0 && statistics.cacheEntries > 0)
        await engine.stop()
    }

    private static func check(
        _ kind: Int, _ texts: [String], _ engine: VectorEngine, _ world: VectorWorld
    ) async throws {
        switch kind {
        case 0:
            let found = try await engine.classify(texts)
            #expect(found.logits.map { $0[0] } == texts.map { Float($0.utf8.count) })
        case 1:
            let found = try await engine.scores(query: "query", documents: texts)
            #expect(found.scores == texts.map { world.score("query", $0) })
        case 2:
            let found = try await engine.embed(texts.map(EmbeddingInput.text), purpose: .query)
            #expect(found.vectors == texts.map { world.vector(of: $0, .query) })
        default:
            let found = try await engine.embed(texts)
            #expect(found.vectors == texts.map { world.vector(of: $0) })
            #expect(found.readings.map(\.tokens) == texts.map { $0.utf8.count + 2 })
        }
    }
}
