import Engine
import PluginHost
import Testing

@Suite struct VectorRecoveryTests {
    private static let texts = (0..<60).map { "text number \($0)" }

    @Test(arguments: 0..<10) func aCrashAtAnyStepLeavesNoTrace(step: Int) async throws {
        for failure in [ModelFailure.segfault, .hang, .busy] {
            let world = VectorWorld(script: { number, _ in number == step ? failure : nil })
            let engine = try world.engine { $0.tokenBudget = 100 }
            async let scores = engine.scores(query: "abc", documents: ["d", "ef"])
            let found = try await engine.embed(Self.texts)
            #expect(found.vectors == Self.texts.map { world.vector(of: $0) })
            #expect(try await scores.scores == [world.score("abc", "d"), world.score("abc", "ef")])
            #expect(world.launches == (failure.isFatal ? 2 : 1))
            #expect(engine.statistics.recoveries == (failure.isFatal ? 1 : 0))
        }
    }

    /// The poison shows alone on the second crash; everything that shared its step is answered.
    @Test func aTextThatTakesTheModelDownEndsOnlyItsRequest() async throws {
        let (world, gate) = gated(at: 0) { _, texts in
            texts.contains { $0.contains("poison") } ? .segfault : nil
        }
        let engine = try world.engine()
        let first = await engine.begin(["first"])
        await gate.reached()
        let good = await engine.begin((0..<8).map { "good \($0)" })
        let bad = await engine.begin(["fine", "a poison"])
        let other = await engine.begin(["other"])
        gate.pass()
        let error = await #expect(throws: EngineError.self) { try await bad.value }
        guard case .modelFailed(let attempts, let failure) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(attempts == 2 && failure.hasPrefix("at text 1: the worker"))
        #expect(try await good.value.vectors == (0..<8).map { world.vector(of: "good \($0)") })
        #expect(try await other.value.vectors == [world.vector(of: "other")])
        _ = try await first.value
        #expect(engine.statistics.failed == 1 && engine.statistics.finished == 3)
        // And the engine serves on.
        #expect(try await engine.embed(["later"]).vectors == [world.vector(of: "later")])
        #expect(world.launches == 3)
    }

    @Test func aTextThatTheModelNeverTakesIsTheCallersMistake() async throws {
        let refusal = ModelFailure.refused(code: .argument, flags: [], message: "not in English")
        let world = VectorWorld(script: { _, texts in texts.contains("bad") ? refusal : nil })
        let engine = try world.engine()
        await #expect(
            throws: EngineError.invalidParameter(
                name: "input", reason: "is refused: not in English")
        ) { try await engine.embed(["good", "bad"]) }
        #expect(world.launches == 1)
        #expect(try await engine.embed(["good"]).vectors == [world.vector(of: "good")])
    }

    @Test func aTextThatCrashesTheTokenizerIsFoundToo() async throws {
        let world = VectorWorld()
        world.fail(tokenizing: "boom", with: .segfault)
        let engine = try world.engine()
        let good = (0..<5).map { "good \($0)" }
        async let answer = engine.embed(good)
        await #expect(throws: EngineError.self) { try await engine.embed(["fine", "boom"]) }
        #expect(try await answer.vectors == good.map { world.vector(of: $0) })
        await eventually { world.launches == 3 }
    }

    @Test func vectorsThatAreNoNumbersEndOnlyTheirRequest() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine()
        let first = await engine.begin(["first"])
        await gate.reached()
        let bad = await engine.begin(["so", "NaN", "bad"])
        let good = await engine.begin(["good"])
        gate.pass()
        await #expect(throws: EngineError.invalidLogits("a vector that is not finite")) {
            try await bad.value
        }
        #expect(try await good.value.vectors == [world.vector(of: "good")])
        _ = try await first.value
        // Nor is it kept.
        await #expect(throws: EngineError.self) { try await engine.embed(["NaN"]) }
        #expect(world.launches == 1)
    }

    @Test func aModelInQuarantineSaysWhenToComeBack() async throws {
        var policy = RestartPolicy.eager
        policy.failureLimit = 1
        policy.quarantine = .seconds(1000)
        let world = VectorWorld(script: { _, _ in .segfault })
        let engine = try VectorEngine(supervisor: world.supervisor(policy))
        for _ in 0..<2 {
            let error = await #expect(throws: EngineError.self) { try await engine.embed(["a"]) }
            let wait = try #require(error?.retryAfter)
            #expect(wait > .seconds(500) && wait <= .seconds(1000))
        }
        #expect(world.launches == 1)
    }

    @Test func rowsOfTheWrongShapeAreTheModelsFault() async throws {
        let world = VectorWorld(script: { _, _ in
            .broken(step: "embed", reason: "3 rows, expected 1")
        })
        let engine = try world.engine()
        let error = await #expect(throws: EngineError.self) { try await engine.embed(["a"]) }
        guard case .modelFailed(2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await eventually { world.launches == 3 }
    }
}
