import Engine
import PluginHost
import Testing

/// Contexts that are full: an error, or the oldest tokens make room.
@Suite struct OverflowTests {
    private static let context = 32

    private func request(
        _ prompt: [Int32], _ maxTokens: Int, keep: Int = 4
    ) -> GenerationRequest {
        var request = GenerationRequest.plain(prompt, maxTokens: maxTokens)
        request.overflow = .shift(keep: keep)
        return request
    }

    /// The plain version: half of what is not kept goes whenever the context is full.
    private func shifted(_ world: FakeWorld, _ prompt: [Int32], keep: Int, _ count: Int) -> [Int32]
    {
        var tokens = prompt
        return (0..<count).map { _ in
            if tokens.count == Self.context {
                tokens.removeSubrange(keep..<(keep + (Self.context - keep) / 2))
            }
            tokens += world.greedy(tokens, count: 1)
            return tokens[tokens.count - 1]
        }
    }

    @Test(arguments: [[.truncateAny, .fork], [.fork], []] as [DecodeFlags])
    func anOutputGoesOnBeyondTheContext(flags: DecodeFlags) async throws {
        let world = FakeWorld(contextLength: Self.context, flags: flags)
        let prompt = (0..<10).map { Int32($0) }
        let output = try await world.engine().submit(request(prompt, 90)).output()
        #expect(output.ids == shifted(world, prompt, keep: 4, 90))
        #expect(output.reason == .length && output.usage.completionTokens == 90)
        // 100 tokens in all, 32 places; 14 go at a time, the last token is not fed.
        #expect(output.usage.droppedTokens == 70)
    }

    @Test func aShiftSurvivesTheModel() async throws {
        let world = FakeWorld(
            contextLength: Self.context,
            script: { call, _ in call % 9 == 8 ? (call % 2 == 0 ? .segfault : .sequencesLost) : nil
            })
        world.fail("truncate", with: .busy)
        let prompt = (0..<10).map { Int32($0) }
        let output = try await world.engine { $0.retries = 100 }.submit(request(prompt, 60))
            .output()
        #expect(output.ids == shifted(world, prompt, keep: 4, 60))
    }

    @Test func withoutBeingAskedAnOutputEndsWithTheContext() async throws {
        let world = FakeWorld(contextLength: Self.context)
        let output = try await world.engine().submit(.plain([1, 2], maxTokens: 90)).output()
        #expect(output.ids.count == 30 && output.reason == .length)
        #expect(output.usage.droppedTokens == 0)
    }

    @Test func aPromptThatIsTooLongLosesItsMiddle() async throws {
        let world = FakeWorld(contextLength: Self.context)
        let prompt = (0..<60).map { Int32($0) }
        let engine = try world.engine()
        let output = try await engine.submit(request(prompt, 5)).output()
        let read = Array(prompt[..<4]) + Array(prompt[37...])
        #expect(output.ids == world.greedy(read, count: 5))
        #expect(output.usage.promptTokens == 27 && output.usage.droppedTokens == 33)
        // However long the output may become, half of the rest is left.
        let long = try await engine.submit(request(prompt, 9000)).output(until: {
            $0.ids.count > 20
        })
        #expect(
            Array(long.prefix(5))
                == world.greedy(Array(prompt[..<4]) + Array(prompt[46...]), count: 5))
        var usual = request(prompt, 5)
        usual.overflow = .end
        #expect(throws: EngineError.promptTooLong(tokens: 60, context: 32)) {
            try engine.submit(usual)
        }
    }

    @Test func moreThanTheContextCannotBeKept() async throws {
        let world = FakeWorld(contextLength: Self.context)
        let prompt = (0..<60).map { Int32($0) }
        let output = try await world.engine().submit(request(prompt, 3, keep: .max)).output()
        #expect(output.ids.count == 3 && output.usage.promptTokens == 31)
    }

    @Test func onlyTheLastTokensAreReadIfSoWanted() async throws {
        let world = FakeWorld(contextLength: Self.context)
        let engine = try world.engine()
        let prompt = (0..<60).map { Int32($0) }
        var request = GenerationRequest.plain(prompt, maxTokens: 6)
        request.inputLimit = 7
        let some = try await engine.submit(request).output()
        #expect(some.ids == world.greedy(Array(prompt.suffix(7)), count: 6))
        #expect(some.usage.promptTokens == 7 && some.usage.droppedTokens == 53)
        request.inputLimit = -1
        let most = try await engine.submit(request).output()
        #expect(most.ids == world.greedy(Array(prompt.suffix(26)), count: 6))
        request.prompt = [1, 2]
        #expect(try await engine.submit(request).output().usage.droppedTokens == 0)
    }
}

extension GenerationStream {
    /// The tokens up to the event after which `isEnough` holds.
    fileprivate func output(until isEnough: (Output) -> Bool) async throws -> [Int32] {
        var output = Output()
        for try await event in self {
            output.append(event)
            if isEnough(output) { break }
        }
        cancel()
        return output.ids
    }
}
