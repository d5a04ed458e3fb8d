import Engine
import PluginHost
import Testing

@Suite struct BatchingTests {
    @Test func aRequestGetsTheTokensThatTheModelWouldGiveAlone() async throws {
        let world = FakeWorld()
        let engine = try world.engine()
        let output = try await engine.submit(.plain([1, 2, 3], maxTokens: 8)).output()
        #expect(output.ids == world.greedy([1, 2, 3], count: 8))
        #expect(output.reason == .length)
        #expect(output.usage.promptTokens == 3)
        #expect(output.usage.completionTokens == 8)
    }

    /// One request runs; others come and go at every step of it.
    @Test(arguments: 0..<5) func requestsJoinAndLeaveAtEveryStep(step: Int) async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == step { gate.stop() }
            return nil
        })
        let engine = try world.engine()
        let first = try engine.submit(.plain([9], maxTokens: 8))
        await gate.reached()
        let others = try (1...3).map { try engine.submit(.plain([Int32($0)], maxTokens: $0)) }
        gate.pass()
        let outputs = try await [first.output()] + others.asyncMap { try await $0.output() }

        #expect(world.batches.count == 8)
        let sizes = world.batches.map(\.count)
        for later in 1...3 where step + later < 8 { #expect(sizes[step + later] == 5 - later) }
        for (prompt, (length, output)) in zip([9, 1, 2, 3], zip([8, 1, 2, 3], outputs)) {
            #expect(output.ids == world.greedy([Int32(prompt)], count: length))
        }
    }

    @Test func aLongPromptGoesInChunksBesideARunningStream() async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == 1 { gate.stop() }
            return nil
        })
        let engine = try world.engine { $0.tokenBudget = 16 }
        let stream = try engine.submit(.plain([5], maxTokens: 20))
        await gate.reached()
        let prompt = (0..<100).map { Int32($0 % 60) }
        let long = try engine.submit(.plain(prompt, maxTokens: 2))
        gate.pass()
        let outputs = try await [stream.output(), long.output()]

        let sizes = world.batches.map(\.count)
        #expect(sizes.max() == 16)
        // 100 prompt tokens beside one token of the stream: six chunks of 15, then 10.
        #expect(sizes[2...8] == [16, 16, 16, 16, 16, 16, 11])
        #expect(outputs[0].ids == world.greedy([5], count: 20))
        #expect(outputs[1].ids == world.greedy(prompt, count: 2))
    }

    @Test func aShortPromptIsNotHeldUpByALongOne() async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == 0 { gate.stop() }
            return nil
        })
        let engine = try world.engine { $0.tokenBudget = 10 }
        let long = try engine.submit(.plain([Int32](repeating: 1, count: 200), maxTokens: 1))
        await gate.reached()
        let short = try engine.submit(.plain([2, 3, 4], maxTokens: 1))
        gate.pass()
        _ = try await [long.output(), short.output()]
        // Three rows for the short prompt, the rest for the long one.
        let rows = world.batches[1].sequences
        #expect(rows.count == 10)
        #expect(Set(rows).map { row in rows.count { $0 == row } }.sorted() == [3, 7])
    }

    /// Rows so wide that several threads sample them.
    @Test func rowsThatAreSampledInParallelGiveTheSame() async throws {
        let world = FakeWorld(columns: 40_000)
        let engine = try world.engine()
        let streams = try (1...4).map {
            try engine.submit(.plain([Int32($0)], maxTokens: 4, seed: UInt64($0)))
        }
        for (index, stream) in streams.enumerated() {
            let alone = try world.engine()
            let again = GenerationRequest.plain(
                [Int32(index + 1)], maxTokens: 4, seed: UInt64(index + 1))
            let found = try await stream.output()
            #expect(found.isSame(as: try await alone.submit(again).output()))
        }
    }

    @Test func anEngineWithoutRequestsCallsNothing() async throws {
        let world = FakeWorld()
        let engine = try world.engine()
        _ = try await engine.submit(.plain([1], maxTokens: 1)).output()
        #expect(world.batches.count == 1)
        #expect(engine.statistics.running == 0)
    }
}
