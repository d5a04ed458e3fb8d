import Engine
import PluginHost
import Testing

@Suite struct PrefixReuseTests {
    private static let conversation = (0..<40).map { Int32($0) }

    @Test(
        arguments: [[.truncateAny, .fork], [.truncateAny], [.fork], []]
            as [DecodeFlags])
    func aReusedPrefixChangesNothing(flags: DecodeFlags) async throws {
        let world = FakeWorld(sequences: 2, flags: flags)
        let engine = try world.engine()
        var prompt = Self.conversation
        for turn in 0..<6 {
            let output = try await engine.submit(.plain(prompt, maxTokens: 5)).output()
            #expect(output.ids == world.greedy(prompt, count: 5))
            // Every other turn forgets the answer before the last one and goes elsewhere.
            prompt = turn % 2 == 0 ? prompt + output.ids + [Int32(turn)] : Array(prompt.dropLast(3))
        }
    }

    @Test func theNextTurnOfAConversationComputesOnlyWhatIsNew() async throws {
        let world = FakeWorld()
        let engine = try world.engine()
        let answer = try await engine.submit(.plain(Self.conversation, maxTokens: 5)).output()
        let next = Self.conversation + answer.ids + [50, 51]
        let output = try await engine.submit(.plain(next, maxTokens: 1)).output()
        // The answer's last token was sampled and never fed.
        #expect(output.usage.cachedTokens == 44)
        #expect(world.batches.last?.count == 3)
        #expect(engine.statistics.prefixHits == 1)
        #expect(engine.statistics.cachedTokens == 44)
    }

    @Test func thePromptThatIsAllThereStillComputesItsLastToken() async throws {
        let world = FakeWorld()
        let engine = try world.engine()
        let first = try await engine.submit(.plain(Self.conversation, maxTokens: 3)).output()
        let again = try await engine.submit(.plain(Self.conversation, maxTokens: 3)).output()
        #expect(again.ids == first.ids)
        #expect(again.usage.cachedTokens == 39)
    }

    @Test func aRunningPromptIsForked() async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == 1 { gate.stop() }
            return nil
        })
        let engine = try world.engine()
        let first = try engine.submit(.plain(Self.conversation, maxTokens: 10))
        await gate.reached()
        let second = try engine.submit(.plain(Self.conversation + [60], maxTokens: 10))
        gate.pass()
        #expect(try await first.output().ids == world.greedy(Self.conversation, count: 10))
        let output = try await second.output()
        #expect(output.usage.cachedTokens == 40)
        #expect(output.ids == world.greedy(Self.conversation + [60], count: 10))
    }

    @Test func samePromptsAtTheSameTimeAreComputedOnce() async throws {
        let world = FakeWorld()
        let engine = try world.engine()
        let streams = try (1...4).map {
            try engine.submit(.plain(Self.conversation, maxTokens: 3, seed: UInt64($0)))
        }
        let outputs = try await streams.asyncMap { try await $0.output() }
        #expect(outputs.map(\.usage.cachedTokens).reduce(0, +) == 3 * 39)
        let rows = world.batches.reduce(0) { $0 + $1.count }
        #expect(rows == 40 + 3 + 4 * 2)
    }

    @Test func theSequenceUsedLongestAgoMakesRoom() async throws {
        let world = FakeWorld(sequences: 2)
        let engine = try world.engine()
        let prompts = (1...3).map { [Int32](repeating: Int32($0), count: 20) }
        for prompt in prompts { _ = try await engine.submit(.plain(prompt, maxTokens: 1)).output() }
        let second = try await engine.submit(.plain(prompts[1] + [9], maxTokens: 1)).output()
        let first = try await engine.submit(.plain(prompts[0] + [9], maxTokens: 1)).output()
        #expect(second.usage.cachedTokens == 20)
        #expect(first.usage.cachedTokens == 0)
    }

    @Test func aShortCommonBeginningDoesNotCostALongConversation() async throws {
        let world = FakeWorld(sequences: 3)
        let engine = try world.engine()
        _ = try await engine.submit(.plain(Self.conversation, maxTokens: 1)).output()
        // Shares two tokens only; the conversation must survive it.
        let other = try await engine.submit(.plain([0, 1, 50, 51], maxTokens: 1)).output()
        #expect(other.ids == world.greedy([0, 1, 50, 51], count: 1))
        let next = try await engine.submit(.plain(Self.conversation + [7], maxTokens: 1)).output()
        #expect(next.usage.cachedTokens == 40)
    }
}
