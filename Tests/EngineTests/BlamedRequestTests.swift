import Engine
import JSON
import PluginHost
import Testing

/// A request that takes the model down is refused when it comes again, and costs the others nothing.
@Suite struct BlamedRequestTests {
    /// The model rests after three failures, as it does by default, but for longer than any test.
    private static var policy: RestartPolicy {
        var policy = RestartPolicy.eager
        policy.failureLimit = 3
        policy.quarantine = .seconds(1000)
        return policy
    }

    private static let poison: Int32 = 63

    private static func world(
        _ script: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> FakeWorld {
        FakeWorld(
            edit: { _, row in row[Int(poison)] = -100 },
            script: { call, batch in
                script(call)
                return batch.tokens.contains(poison) ? .segfault : nil
            })
    }

    private func expectRefusal(_ error: EngineError?) {
        guard case .takesModelDown(let wait) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(wait > .seconds(100) && wait <= .seconds(300))
    }

    @Test func promptsThatTakeTheModelDownAreRefusedAndNobodyElseIs() async throws {
        let world = Self.world()
        let engine = try TextEngine(supervisor: world.supervisor(Self.policy))
        for first in 1...6 as ClosedRange<Int32> {
            let bad = GenerationRequest.plain([first, Self.poison], maxTokens: 4)
            let error = await #expect(throws: EngineError.self) {
                try await engine.submit(bad).output()
            }
            guard case .modelFailed(2, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            var again = bad
            again.sampling.seed = 7
            expectRefusal(#expect(throws: EngineError.self) { try engine.submit(again) })
            let good = try engine.submit(.plain([first], maxTokens: 3))
            #expect(try await good.output().ids == world.greedy([first], count: 3))
        }
        await eventually { world.launches >= 13 }
        #expect(world.launches == 13)
    }

    @Test func copiesOfAPromptThatTakesTheModelDownEndWithIt() async throws {
        let gate = Gatekeeper()
        let world = Self.world { call in if call == 0 { gate.stop() } }
        let engine = try TextEngine(supervisor: world.supervisor(Self.policy))
        let good = try engine.submit(.plain([1], maxTokens: 9))
        await gate.reached()
        let bad = try (0..<3).map { _ in
            try engine.submit(.plain([2, Self.poison], maxTokens: 4))
        }
        gate.pass()
        for stream in bad {
            await #expect(throws: EngineError.self) { try await stream.output() }
        }
        #expect(try await good.output().ids == world.greedy([1], count: 9))
        await eventually { world.launches >= 3 }
        #expect(world.launches == 3)
    }

    @Test func textsThatCrashTheTokenizerAreRefusedAndNobodyElseIs() async throws {
        let world = FakeWorld()
        let engine = try TextEngine(supervisor: world.supervisor(Self.policy))
        for number in 1...4 {
            let text = "boom \(number)"
            world.fail(text: text, with: .segfault)
            await #expect(throws: EngineError.self) {
                try await engine.tokenizer.tokenize(text, addSpecial: false, parseSpecial: false)
            }
            let error = await #expect(throws: EngineError.self) {
                try await engine.tokenizer.tokenize(text, addSpecial: false, parseSpecial: false)
            }
            expectRefusal(error)
            let ids = try await engine.tokenizer.tokenize(
                "ab", addSpecial: false, parseSpecial: false)
            #expect(ids == [97, 98])
        }
        await eventually { world.launches >= 9 }
        #expect(world.launches == 9)
    }

    @Test func textsThatCannotBeCountedAreRefusedAndNobodyElseIs() async throws {
        let world = VectorWorld(counts: true)
        let engine = try VectorEngine(supervisor: world.supervisor(Self.policy))
        for number in 1...4 {
            let text = "boom \(number)"
            world.fail(tokenizing: text, with: .segfault, times: 2)
            let error = await #expect(throws: EngineError.self) {
                try await engine.countTokens(of: [text], with: .query("why"))
            }
            guard case .modelFailed(2, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            expectRefusal(
                await #expect(throws: EngineError.self) {
                    try await engine.countTokens(of: [text], with: .query("why"))
                })
            // Beside another text it is another request.
            let counts = try await engine.countTokens(of: [text], with: .query("who"))
            #expect(counts?.count == 1)
        }
        await eventually { world.launches >= 9 }
        #expect(world.launches == 9)
    }

    /// The model may go down by itself, or for a text of somebody else's.
    @Test func aCountThatSawTheModelGoDownOnceIsNotToBlame() async throws {
        let world = VectorWorld(counts: true)
        let engine = try VectorEngine(supervisor: world.supervisor(Self.policy))
        world.fail(tokenizing: "a", with: .segfault, times: 1)
        for _ in 0..<2 {
            #expect(try await engine.countTokens(of: ["a"]) == [TokenCount(whole: 3, read: 3)])
        }
    }

    /// Its events are shown, so that it cannot be tried again, which would tell whose fault it was.
    @Test func aTaskThatIsLostOnceAmongItsEventsIsNotToBlame() async throws {
        let world = VectorWorld(taskScript: { advance in
            if advance == 1 { throw ModelFailure.segfault }
            return nil
        })
        let engine = try VectorEngine(supervisor: world.supervisor(Self.policy))
        let error = await #expect(throws: EngineError.self) {
            for try await _ in try engine.run(task: "count", input: 5) {}
        }
        guard case .modelFailed(1, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        var events = 0
        for try await _ in try engine.run(task: "count", input: 5) { events += 1 }
        #expect(events == 5)
    }

    @Test func aTaskThatIsLostAmongItsEventsEachTimeIsRefused() async throws {
        let world = VectorWorld(taskScript: { advance in
            if advance % 2 == 1 { throw ModelFailure.segfault }
            return nil
        })
        let engine = try VectorEngine(supervisor: world.supervisor(Self.policy))
        for number in 10...13 {
            let run = {
                await #expect(throws: EngineError.self) {
                    for try await _ in try engine.run(task: "count", input: .integer(number)) {}
                }
            }
            for _ in 0..<2 {
                guard case .modelFailed(1, _) = await run() else {
                    Issue.record("it is refused before it was to blame twice")
                    return
                }
            }
            expectRefusal(await run())
        }
        await eventually { world.launches >= 9 }
        #expect(world.launches == 9)
    }

    @Test func textsThatTakeAModelOfVectorsDownAreRefusedAndNobodyElseIs() async throws {
        let world = VectorWorld(script: { _, texts in
            texts.contains { $0.hasPrefix("poison") } ? .segfault : nil
        })
        let engine = try VectorEngine(supervisor: world.supervisor(Self.policy))
        for number in 1...4 {
            let texts: [EmbeddingInput] = [.text("poison \(number)")]
            await #expect(throws: EngineError.self) {
                try await engine.embed(texts, purpose: .symmetric)
            }
            let error = await #expect(throws: EngineError.self) {
                try await engine.embed([.text("fine")] + texts, purpose: .symmetric)
            }
            expectRefusal(error)
            #expect(
                try await engine.embed(["good \(number)"]).vectors
                    == [world.vector(of: "good \(number)")])
        }
        await eventually { world.launches >= 9 }
        #expect(world.launches == 9)
    }

    @Test func imagesThatTakeTheModelDownAreRefusedWhateverTheirSeed() async throws {
        let world = ImageWorld { _, call, prompt in
            if call == .step, prompt.hasPrefix("poison") { throw ModelFailure.segfault }
        }
        let engine = try ImageEngine(supervisor: world.supervisor(Self.policy))
        for number in 1...4 {
            var request = ImageRequest(prompt: "poison \(number)")
            await #expect(throws: EngineError.self) {
                try await engine.events([request])
            }
            request.seed = 9
            let error = await #expect(throws: EngineError.self) {
                try await engine.events([request])
            }
            expectRefusal(error)
        }
        await eventually { world.launches >= 9 }
        #expect(world.launches == 9)
    }
}
