import Engine
import Foundation
import PluginHost
import Testing

@Suite struct PromptScoreTests {
    private func logprob(_ token: Int32, after tokens: [Int32], _ world: FakeWorld) -> Float {
        let row = world.logits(after: tokens).map(Double.init)
        return Float(row[Int(token)] - log(row.map(exp).reduce(0, +)))
    }

    @Test func everyTokenOfAPromptIsScoredUnderWhatComesBeforeIt() async throws {
        let world = FakeWorld()
        let engine = try world.engine { $0.tokenBudget = 3 }
        let prompt: [Int32] = [5, 9, 5, 9, 33, 2, 61]
        // What is retained does not spare the logits of a prompt.
        _ = try await engine.submit(.plain(prompt, maxTokens: 1)).output()
        var request = GenerationRequest.plain(prompt, maxTokens: 2)
        (request.promptLogprobs, request.logprobs) = (2, nil)
        let output = try await engine.submit(request).output()
        #expect(output.tokens.isEmpty)
        #expect(output.prompt.map(\.id) == prompt)
        #expect(output.prompt[0].logprob == nil && output.prompt[0].top.isEmpty)
        for place in 1..<prompt.count {
            let score = output.prompt[place]
            let row = world.logits(after: Array(prompt[..<place]))
            let expected = logprob(prompt[place], after: Array(prompt[..<place]), world)
            #expect(abs((score.logprob ?? 1) - expected) < 1e-5)
            #expect(score.rank == row.count { $0 >= row[Int(prompt[place])] })
            let best = row.indices.sorted { row[$0] > row[$1] }.prefix(2)
            #expect(score.top.map(\.id) == best.map { Int32($0) })
        }
    }

    @Test func promptScoresAndAnEchoHaveTheirOwnAlternatives() async throws {
        let world = FakeWorld()
        var request = GenerationRequest.plain([1, 2, 3], maxTokens: 1)
        (request.promptLogprobs, request.logprobs, request.echo) = (3, 1, true)
        let output = try await world.engine().submit(request).output()
        #expect(output.prompt.map(\.top.count) == [0, 3, 3])
        #expect(output.tokens.map(\.top.count) == [0, 1, 1, 1])
        #expect(output.tokens.prefix(3).map(\.logprob) == output.prompt.map(\.logprob))
        request.logprobs = nil
        let plain = try await world.engine().submit(request).output()
        #expect(plain.text == output.text && plain.tokens.isEmpty && plain.prompt.count == 3)
    }

    @Test func scoresSurviveTheModel() async throws {
        let world = FakeWorld(script: { call, _ in call == 2 ? .segfault : nil })
        var request = GenerationRequest.plain([1, 2, 3, 4, 5, 6, 7], maxTokens: 3)
        request.promptLogprobs = 0
        let output = try await world.engine { $0.tokenBudget = 2 }.submit(request).output()
        let calm = try await FakeWorld().engine().submit(request).output()
        #expect(output.isSame(as: calm))
    }

    /// lm-eval takes all but the last `max_tokens` entries to be the prompt's.
    @Test func anEndThatIsAskedForIsTheLastToken() async throws {
        let world = FakeWorld(vocabulary: .bytes, forced: { [3: 100, 4: 101, 5: 257][$0.count] })
        var request = GenerationRequest.plain([97, 98, 99], maxTokens: 9)
        (request.echo, request.reportsEnd) = (true, true)
        let output = try await world.engine().submit(request).output()
        #expect(output.ids.count == 6 && output.ids.last == 257)
        let last = try #require(output.tokens.last)
        #expect((last.logprob ?? -9) > -0.1 && last.offset == output.text.unicodeScalars.count)
        #expect(output.reason == .stop && output.usage.completionTokens == 3)
        request.reportsEnd = false
        let usual = try await world.engine().submit(request).output()
        #expect(usual.text == output.text && usual.ids == Array(output.ids.dropLast()))
    }

    @Test func theSumIsThatOfTheTokensWithoutReportingThem() async throws {
        let world = FakeWorld()
        var request = GenerationRequest.plain([4, 5], maxTokens: 6, seed: 3)
        let scored = try await world.engine().submit(request).output()
        (request.logprobs, request.sumsLogprobs) = (nil, true)
        let summed = try await world.engine().submit(request).output()
        let expected = scored.tokens.reduce(0.0) { $0 + Double($1.logprob ?? 0) }
        #expect(abs(summed.usage.logprob - expected) < 1e-4)
        #expect(summed.tokens.isEmpty && summed.text == scored.text)
        #expect(scored.usage.logprob == 0)
    }
}
