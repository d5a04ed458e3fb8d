import Engine
import PluginHost
import Testing

@Suite struct RecoveryTests {
    /// Three requests of different kinds, under way together.
    private static let requests: [GenerationRequest] = [
        .plain([1, 2, 3], maxTokens: 10),
        .plain((0..<30).map { Int32($0) }, maxTokens: 7, seed: 5),
        .plain([7], maxTokens: 12, seed: 6),
    ]

    private func outputs(_ world: FakeWorld, budget: Int = 8) async throws -> [Output] {
        let engine = try world.engine { $0.tokenBudget = budget }
        let streams = try Self.requests.map { try engine.submit($0) }
        return try await streams.asyncMap { try await $0.output() }
    }

    @Test(arguments: 0..<24) func aCrashAtAnyStepLeavesNoTrace(step: Int) async throws {
        let undisturbed = try await outputs(FakeWorld())
        for failure in [ModelFailure.segfault, .hang, .sequencesLost, .busy] {
            let world = FakeWorld(script: { call, _ in call == step ? failure : nil })
            let disturbed = try await outputs(world)
            #expect(zip(disturbed, undisturbed).allSatisfy { $0.isSame(as: $1) }, "\(failure)")
            #expect(world.launches == (failure.isFatal && world.batches.count > step ? 2 : 1))
        }
    }

    @Test func manyCrashesWithProgressInBetweenAreSurvived() async throws {
        let undisturbed = try await outputs(FakeWorld())
        let world = FakeWorld(script: { call, _ in call % 5 == 4 ? .segfault : nil })
        let disturbed = try await outputs(world, budget: 64)
        #expect(zip(disturbed, undisturbed).allSatisfy { $0.isSame(as: $1) })
        #expect(world.launches > 3)
    }

    @Test func aRequestThatPoisonsTheModelEndsAndTheOthersGoOn() async throws {
        let poison: Int32 = 63
        let gate = Gatekeeper()
        let world = FakeWorld(
            edit: { _, row in row[Int(poison)] = -100 },
            script: { call, batch in
                if call == 2 { gate.stop() }
                return batch.tokens.contains(poison) ? .segfault : nil
            })
        let engine = try world.engine()
        let good = try (1...2).map { try engine.submit(.plain([Int32($0)], maxTokens: 12)) }
        await gate.reached()
        let bad = try engine.submit(.plain([3, poison], maxTokens: 4))
        let late = try engine.submit(.plain([4], maxTokens: 4))
        gate.pass()
        let error = await #expect(throws: EngineError.self) { try await bad.output() }
        guard case .modelFailed(let attempts, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(attempts == 2)
        for (prompt, stream) in zip([1, 2] as [Int32], good) {
            #expect(try await stream.output().ids == world.greedy([prompt], count: 12))
        }
        #expect(try await late.output().ids == world.greedy([4], count: 4))
        #expect(world.launches == 3)
    }

    @Test func aRefusalThatStaysIsTheRequestsOwn() async throws {
        let world = FakeWorld(
            edit: { _, row in row[63] = -100 },
            script: { _, batch in batch.tokens.contains(63) ? .busy : nil })
        let engine = try world.engine()
        let bad = try engine.submit(.plain([63], maxTokens: 4))
        let good = try engine.submit(.plain([1], maxTokens: 4))
        await #expect(throws: EngineError.modelFailed(attempts: 2, failure: "not now")) {
            try await bad.output()
        }
        #expect(try await good.output().ids == world.greedy([1], count: 4))
        #expect(world.launches == 1)
    }

    @Test func logitsThatAreNoNumbersEndOnlyTheirRequest() async throws {
        let world = FakeWorld(edit: { tokens, row in if tokens[0] == 63 { row[5] = .nan } })
        let engine = try world.engine()
        let bad = try engine.submit(.plain([63], maxTokens: 4))
        let good = try engine.submit(.plain([1], maxTokens: 4))
        await #expect(throws: EngineError.invalidLogits("a logit that is NaN or infinite")) {
            try await bad.output()
        }
        #expect(try await good.output().ids == world.greedy([1], count: 4))
    }

    @Test func aModelInQuarantineSaysWhenToComeBack() async throws {
        var policy = RestartPolicy.eager
        policy.failureLimit = 1
        policy.quarantine = .seconds(1000)
        let world = FakeWorld(script: { _, _ in .segfault })
        let engine = try TextEngine(supervisor: world.supervisor(policy))
        let streams = try (1...3).map { try engine.submit(.plain([Int32($0)], maxTokens: 4)) }
        for stream in streams {
            let error = await #expect(throws: EngineError.self) { try await stream.output() }
            let wait = try #require(error?.retryAfter)
            #expect(wait > .seconds(500) && wait <= .seconds(1000))
        }
        // And the next request is told at once, without another start.
        await #expect(throws: EngineError.self) {
            try await engine.submit(.plain([1], maxTokens: 1)).output()
        }
        #expect(world.launches == 1)
        #expect(engine.statistics.failed == 4)
    }

    /// A dead worker's memory and sockets are not kept for a model that rests.
    @Test func aModelThatDiedIsLetGoWhileItRests() async throws {
        var policy = RestartPolicy.eager
        policy.failureLimit = 1
        policy.quarantine = .seconds(1000)
        let world = FakeWorld(script: { _, _ in .segfault })
        let launched = Launched()
        let supervisor = ModelSupervisor(name: "fake", policy: policy) {
            let model = FakeModel(world)
            launched.note(model)
            return model
        }
        let engine = try TextEngine(supervisor: supervisor)
        await #expect(throws: EngineError.self) {
            try await engine.submit(.plain([1], maxTokens: 4)).output()
        }
        await eventually { launched.isGone }
        guard case .quarantined = supervisor.status.state else {
            Issue.record("\(supervisor.status.state)")
            return
        }
    }

    private final class Launched: @unchecked Sendable {
        private weak var model: FakeModel?

        func note(_ model: FakeModel) { self.model = model }
        var isGone: Bool { model == nil }
    }

    @Test(arguments: ["truncate", "fork"])
    func anAbilityThatTakesTheModelDownIsNotUsedAgain(ability: String) async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == 1 { gate.stop() }
            return nil
        })
        world.fail(ability, with: .segfault)
        let engine = try world.engine()
        let prompt = (0..<20).map { Int32($0) }
        let first = try engine.submit(.plain(prompt, maxTokens: 3))
        if ability == "truncate" {
            await gate.reached()
            gate.pass()
            _ = try await first.output()
        } else {
            await gate.reached()
        }
        let second = try engine.submit(.plain(prompt + [40], maxTokens: 3))
        let third = try engine.submit(.plain(prompt + [41], maxTokens: 3))
        gate.pass()
        #expect(try await second.output().ids == world.greedy(prompt + [40], count: 3))
        #expect(try await third.output().ids == world.greedy(prompt + [41], count: 3))
        #expect(world.launches == 2)
    }

    @Test func aTextThatCrashesTheTokenizerIsAnErrorAfterTwoTries() async throws {
        let world = FakeWorld()
        world.fail(text: "boom", with: .segfault)
        let engine = try world.engine()
        await #expect(throws: EngineError.self) {
            try await engine.tokenizer.tokenize("boom", addSpecial: false, parseSpecial: false)
        }
        #expect(
            try await engine.tokenizer.tokenize("ab", addSpecial: false, parseSpecial: false) == [
                97, 98,
            ])
        #expect(world.launches == 3)
    }
}
