import Engine
import PluginHost
import Testing

@Suite struct ModelAdaptersTests {
    private static let prompt = (0..<40).map { Int32($0) }

    /// A model with two adapters, and its engine.
    private struct Adapted {
        let world: FakeWorld
        let supervisor: ModelSupervisor
        let adapters: ModelAdapters
        let engine: TextEngine

        init(_ world: FakeWorld = FakeWorld(), parallel: Int = 4) throws {
            self.world = world
            supervisor = world.supervisor()
            adapters = ModelAdapters([
                ("one", AdapterSource(path: "1")), ("two", AdapterSource(path: "2")),
            ])
            try adapters.follow(supervisor)
            var options = EngineOptions.text
            options.stallLimit = .seconds(3600)
            options.parallel = parallel
            options.queueLimit = 1000
            options.retries = 1000
            engine = try TextEngine(supervisor: supervisor, options: options)
        }

        func submit(
            _ prompt: [Int32], with adapter: String?, maxTokens: Int = 5
        ) throws -> GenerationStream {
            var request = GenerationRequest.plain(prompt, maxTokens: maxTokens)
            request.adapter = try adapter.map(adapters.lease)
            return try engine.submit(request)
        }
    }

    /// Also while the model crashes or forgets now and then, and prompts begin alike.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func requestsOfSeveralAdaptersShareBatchesAndGiveWhatTheyGiveAlone(seed: UInt64) async throws {
        let world = FakeWorld(
            contextLength: 96, sequences: 6, batchSize: 24,
            script: { call, _ in
                switch call % 41 {
                case 13: .segfault
                case 27: .sequencesLost
                case 33: .busy
                default: nil
                }
            })
        let adapted = try Adapted(world, parallel: 5)
        var random = TestRandom(state: seed)
        let requests = (0..<150).map { _ in
            (
                prompt: [Int32](
                    repeating: .random(in: 0..<3, using: &random),
                    count: .random(in: 1...40, using: &random)),
                shift: Int32.random(in: 0...2, using: &random),
                count: Int.random(in: 1...20, using: &random)
            )
        }
        let names = [nil, "one", "two"]
        let streams = try requests.map {
            try adapted.submit($0.prompt, with: names[Int($0.shift)], maxTokens: $0.count)
        }
        let outputs = try await streams.asyncMap { try await $0.output() }
        for (request, output) in zip(requests, outputs) {
            let alone = world.greedy(request.prompt, shift: request.shift, count: request.count)
            #expect(output.ids == alone)
        }
        #expect(world.batches.contains { Set($0.adapters).count == 3 })
        #expect(adapted.engine.statistics.prefixHits > 0)
        #expect(world.launches > 1)
    }

    @Test func aPrefixOfAnotherAdapterIsNotReused() async throws {
        let adapted = try Adapted()
        for (name, cached) in [(nil, 0), ("one", 0), ("two", 0), ("one", 39), (nil, 39)] {
            let output = try await adapted.submit(Self.prompt, with: name).output()
            #expect(output.usage.cachedTokens == cached, "\(name ?? "none")")
        }
    }

    @Test func anAdapterIsAddedWhileAStreamRuns() async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == 2 { gate.stop() }
            return nil
        })
        let adapted = try Adapted(world)
        let running = try adapted.submit([1], with: "one", maxTokens: 12)
        await gate.reached()
        try adapted.adapters.add("three", AdapterSource(path: "3"))
        gate.pass()
        let added = try await adapted.submit([2], with: "three").output()
        #expect(added.ids == world.greedy([2], shift: 3, count: 5))
        #expect(try await running.output().ids == world.greedy([1], shift: 1, count: 12))
        #expect(adapted.adapters.all.map(\.name) == ["one", "two", "three"])
        #expect(adapted.adapters.all.last?.description == AdapterDescription(rank: 1, bytes: 4))
    }

    @Test func anAdapterInUseStaysUntilItsRequestsHaveEnded() async throws {
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, _ in
            if call == 2 { gate.stop() }
            return nil
        })
        let adapted = try Adapted(world)
        let running = try adapted.submit([1], with: "one", maxTokens: 12)
        await gate.reached()
        await #expect(throws: AdapterError.inUse("one", requests: 1)) {
            try await adapted.adapters.remove("one", within: .zero)
        }
        #expect(adapted.adapters.all.first?.inUse == 1)
        let later = try adapted.submit([2], with: "one")
        async let removed: Void = adapted.adapters.remove("one", within: .seconds(600))
        gate.pass()
        #expect(try await running.output().ids == world.greedy([1], shift: 1, count: 12))
        #expect(try await later.output().ids == world.greedy([2], shift: 1, count: 5))
        try await removed
        #expect(throws: AdapterError.unknown("one")) { try adapted.adapters.lease("one") }
        #expect(adapted.adapters.all.map(\.name) == ["two"])
    }

    /// A new adapter of a name is another one: what sequences still hold of the old is not reused.
    @Test func anAdapterOfTheSameNameIsAnother() async throws {
        let adapted = try Adapted()
        _ = try await adapted.submit(Self.prompt, with: "one").output()
        try await adapted.adapters.remove("one", within: .seconds(600))
        try adapted.adapters.add("one", AdapterSource(path: "4"))
        let output = try await adapted.submit(Self.prompt, with: "one").output()
        #expect(output.usage.cachedTokens == 0)
        #expect(output.ids == adapted.world.greedy(Self.prompt, shift: 4, count: 5))
    }

    @Test func whatTheModelRefusesIsNowhere() throws {
        let adapted = try Adapted()
        #expect(throws: AdapterError.failed("three", reason: "no shift")) {
            try adapted.adapters.add("three", AdapterSource(path: "x"))
        }
        #expect(throws: AdapterError.unknown("three")) { try adapted.adapters.lease("three") }
        #expect(throws: AdapterError.exists("one")) {
            try adapted.adapters.add("one", AdapterSource(path: "1"))
        }
        #expect(throws: AdapterError.name("a:b")) {
            try adapted.adapters.add("a:b", AdapterSource(path: "1"))
        }
        #expect(adapted.adapters.all.map(\.name) == ["one", "two"])
    }

    @Test func aModelDoesNotStartWithAnAdapterThatItRefuses() {
        let adapters = ModelAdapters([("one", AdapterSource(path: "x"))])
        #expect(throws: AdapterError.failed("one", reason: "no shift")) {
            try adapters.follow(FakeWorld().supervisor())
        }
    }

    @Test func withoutAModelNothingIsAdded() {
        #expect(throws: AdapterError.noModel("it is not loaded")) {
            try ModelAdapters().add("one", AdapterSource(path: "1"))
        }
    }

    /// The file of one is gone when the model has to start again.
    @Test func aModelThatStartsAgainServesWithoutTheAdapterThatItLost() async throws {
        let world = FakeWorld(script: { call, _ in call == 1 ? .segfault : nil })
        let adapted = try Adapted(world)
        let lost = ModelFailure.refused(code: .argument, flags: [], message: "no file")
        world.fail("1", with: lost)
        let output = try await adapted.submit([1], with: "two", maxTokens: 8).output()
        #expect(output.ids == world.greedy([1], shift: 2, count: 8))
        #expect(world.launches == 2)
        #expect(throws: AdapterError.unusable("one", reason: "no file")) {
            try adapted.adapters.lease("one")
        }
        #expect(adapted.adapters.all.first?.failure == "no file")
    }
}
