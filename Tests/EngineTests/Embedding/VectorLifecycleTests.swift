import Engine
import PluginHost
import Testing

@Suite struct VectorLifecycleTests {
    @Test func aCancelledCallerIsToldAtOnceAndItsTextsAreDropped() async throws {
        let (world, gate) = gated(at: 1)
        let engine = try world.engine { $0.tokenBudget = 64 }
        let long = await engine.begin((0..<500).map { "text \($0)" })
        await gate.reached()
        long.cancel()
        // Told although the model has not come back.
        await #expect(throws: CancellationError.self) { try await long.value }
        #expect(world.cancelRequests == 1)
        gate.pass()
        #expect(try await engine.embed(["next"]).vectors == [world.vector(of: "next")])
        #expect(world.steps.count == 3)
        #expect(engine.statistics.cancelled == 1 && engine.statistics.open == 0)
    }

    @Test func aStepThatServesSomebodyElseGoesOn() async throws {
        let second = Gatekeeper()
        let (world, gate) = gated(at: 0) { step, _ in
            if step == 1 { second.stop() }
            return nil
        }
        let engine = try world.engine()
        let first = await engine.begin(["first"])
        await gate.reached()
        let (one, two) = (await engine.begin(["one"]), await engine.begin(["two"]))
        gate.pass()
        await second.reached()
        #expect(world.steps[1].texts.count == 2)
        one.cancel()
        await #expect(throws: CancellationError.self) { try await one.value }
        #expect(world.cancelRequests == 0)
        second.pass()
        #expect(try await two.value.vectors == [world.vector(of: "two")])
        _ = try await first.value
    }

    @Test func aFullQueueRefusesAndSaysWhenToComeBack() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine { $0.queueLimit = 3 }
        var tasks: [Task<EmbeddingResult, any Error>] = []
        for index in 0..<3 { tasks.append(await engine.begin(["text \(index)"])) }
        let error = await #expect(throws: EngineError.self) { try await engine.embed(["more"]) }
        guard case .overloaded(3, let retryAfter) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(retryAfter >= .seconds(1) && retryAfter <= .seconds(60))
        await gate.reached()
        gate.pass()
        for task in tasks { _ = try await task.value }
        #expect(try await engine.embed(["more"]).vectors.count == 1)
        #expect(engine.statistics.refused == 1)
    }

    @Test func theQueueIsBoundedInTextsToo() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine { $0.textLimit = 10 }
        // One request may be larger than the queue, if it is alone.
        let large = await engine.begin((0..<50).map { "text \($0)" })
        await gate.reached()
        await #expect(throws: EngineError.self) { try await engine.embed(["more"]) }
        gate.pass()
        #expect(try await large.value.vectors.count == 50)
        #expect(try await engine.embed(["more"]).vectors.count == 1)
    }

    @Test func drainingEndsWithTheLastRequest() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine()
        let running = await engine.begin(["a"])
        await gate.reached()
        async let drained: Void = engine.drain(upTo: .seconds(60))
        var refusal: EngineError?
        while refusal != .draining {
            // Until the drain has begun these are taken.
            do { _ = try await Task { try await engine.embed([]) }.value } catch {
                refusal = error as? EngineError
            }
        }
        gate.pass()
        await drained
        #expect(try await running.value.vectors == [world.vector(of: "a")])
    }

    @Test func stoppingEndsWhatIsLeft() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine { $0.stopPatience = .seconds(60) }
        let running = await engine.begin(["a"])
        await gate.reached()
        let queued = await engine.begin(["b"])
        async let stopped: Void = engine.stop()
        await #expect(throws: EngineError.stopped) { try await running.value }
        await #expect(throws: EngineError.stopped) { try await queued.value }
        gate.pass()
        await stopped
        await #expect(throws: EngineError.stopped) { try await engine.embed(["c"]) }
        await #expect(throws: EngineError.stopped) { try await engine.embed([]) }
        #expect(world.steps.count == 1)
    }

    @Test func aModelWithoutVectorsHasNoEngine() throws {
        #expect(throws: EngineError.self) {
            try VectorEngine(supervisor: FakeWorld().supervisor())
        }
    }

    @Test func abilitiesThatAreMissingAreNamed() async throws {
        let engine = try VectorWorld(dimensions: 0, labels: []).engine()
        await #expect(throws: EngineError.unsupported("embeddings")) {
            try await engine.embed(["a"])
        }
        await #expect(throws: EngineError.unsupported("labels")) {
            try await engine.classify(["a"])
        }
    }

    /// As one that embeds and one that generates would: the model traps when its calls overlap, and all
    /// answers stand in the same memory.
    @Test func twoEnginesOfOneModelTakeTurns() async throws {
        let world = VectorWorld()
        let supervisor = world.supervisor()
        var options = EngineOptions.vectors
        options.cacheBytes = 0
        options.tokenBudget = 64
        let engines = try (0..<2).map { _ in
            try VectorEngine(supervisor: supervisor, options: options)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, engine) in (engines + engines + engines).enumerated() {
                let texts = (0..<200).map { "engine \(index) text \($0)" }
                group.addTask {
                    let found = try await engine.embed(texts)
                    #expect(found.vectors == texts.map { world.vector(of: $0) })
                }
            }
            try await group.waitForAll()
        }
    }
}
