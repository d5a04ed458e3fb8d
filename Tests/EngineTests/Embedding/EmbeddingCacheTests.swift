import Engine
import PluginHost
import Testing

@Suite struct EmbeddingCacheTests {
    @Test func aTextIsComputedOnce() async throws {
        let world = VectorWorld()
        let engine = try world.engine()
        let first = try await engine.embed(["a", "b"])
        let second = try await engine.embed(["b", "c", "a"])
        #expect(second.vectors == ["b", "c", "a"].map { world.vector(of: $0) })
        #expect(second.readings.map(\.tokens) == [3, 3, 3] && first.tokens == 6)
        #expect(world.steps.map(\.texts) == [["a", "b"], ["c"]])
        let statistics = engine.statistics
        #expect(statistics.cacheHits == 2 && statistics.cacheMisses == 3)
        #expect(statistics.cacheEntries == 3)
        // All of it known: no step at all.
        _ = try await engine.embed(["c", "c"])
        #expect(world.steps.count == 2)
        #expect(engine.statistics.finished == 3)
    }

    @Test func whatChangesTheVectorIsPartOfTheKey() async throws {
        let world = VectorWorld()
        let engine = try world.engine()
        for _ in 0..<2 {
            for purpose in [EmbeddingPurpose.query, .passage, .symmetric] {
                for normalized in [true, false] {
                    _ = try await engine.embed(
                        [.text("a")], purpose: purpose, normalized: normalized)
                }
            }
            _ = try await engine.embed([.tokens(VectorWorld.tokens("a"))], purpose: .symmetric)
            _ = try await engine.embed(["\u{E9}", "e\u{301}"])
        }
        #expect(world.steps.count == 8)
        // A cut is made of the whole.
        _ = try await engine.embed([.text("a")], purpose: .query, dimensions: 2)
        #expect(world.steps.count == 8)
    }

    @Test func itKeepsToItsBytesAndForgetsWhatWasUsedLongestAgo() async throws {
        let world = VectorWorld()
        // An entry of one letter takes 1 + 6 * 4 + 192 bytes.
        let engine = try world.engine { $0.cacheBytes = 10 * 217 }
        let letters = "abcdefghij".map(String.init)
        _ = try await engine.embed(letters)
        #expect(engine.statistics.cacheEntries == 10)
        _ = try await engine.embed(["a"])
        _ = try await engine.embed(["k", "l"])
        #expect(engine.statistics.cacheEntries == 10)
        #expect(engine.statistics.cacheBytes == 10 * 217)
        _ = try await engine.embed(["a", "k", "l"])
        #expect(engine.statistics.steps == 2)
        _ = try await engine.embed(["b"])
        #expect(engine.statistics.steps == 3)
    }

    @Test func aTextThatIsTooLargeIsNotKept() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.cacheBytes = 4000 }
        let long = String(repeating: "x", count: 600)
        for _ in 0..<2 { _ = try await engine.embed([long, "a"]) }
        #expect(world.steps.map(\.texts) == [["a", long], [long]])
        #expect(engine.statistics.cacheEntries == 1)
    }

    @Test func withoutBytesThereIsNone() async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.cacheBytes = 0 }
        for _ in 0..<2 { _ = try await engine.embed(["a"]) }
        #expect(world.steps.count == 2)
        #expect(engine.statistics.cacheEntries == 0)
    }

    /// Two callers with the same text: the later one finds what the earlier one had computed meanwhile.
    @Test func aTextThatIsUnderWayIsNotComputedAgain() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine()
        let first = await engine.begin(["same"])
        await gate.reached()
        let second = await engine.begin(["same"])
        gate.pass()
        #expect(try await first.value == (try await second.value))
        #expect(world.steps.count == 1)
    }

    @Test(arguments: 0..<4) func randomUseGivesWhatNoCacheGives(seed: UInt64) async throws {
        let world = VectorWorld()
        let engine = try world.engine { $0.cacheBytes = 20 * 240 }
        var random = TestRandom(state: seed)
        for _ in 0..<200 {
            let texts = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                "text \(Int.random(in: 0..<50, using: &random))"
            }
            #expect(try await engine.embed(texts).vectors == texts.map { world.vector(of: $0) })
            #expect(engine.statistics.cacheBytes <= 20 * 240)
        }
        let statistics = engine.statistics
        #expect(statistics.cacheHits > 100 && statistics.cacheMisses > 100)
    }
}
