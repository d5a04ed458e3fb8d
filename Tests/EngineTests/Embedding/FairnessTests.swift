import Engine
import PluginHost
import Testing

@Suite struct FairnessTests {
    private static let long = (0..<2000).map { "passage \($0)" }

    @Test(arguments: [1, 2, 17]) func aQueryWaitsForTheStepUnderWayOnly(step: Int) async throws {
        let (world, gate) = gated(at: step)
        let engine = try world.engine { $0.tokenBudget = 100 }
        let long = await engine.begin(Self.long)
        await gate.reached()
        let query = await engine.begin(["query"])
        gate.pass()
        #expect(try await query.value.vectors == [world.vector(of: "query")])
        #expect(world.steps[step + 1].texts == ["query"])
        #expect(try await long.value.vectors == Self.long.map { world.vector(of: $0) })
    }

    /// A hundred requests of a step each come before the long one is half done.
    @Test func aLongJobIsNotStarved() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine {
            $0.tokenBudget = 30
            $0.queueLimit = 1000
        }
        let long = await engine.begin((0..<100).map { "long and longer \($0)" })
        await gate.reached()
        var short: [Task<EmbeddingResult, any Error>] = []
        for index in 0..<100 { short.append(await engine.begin(["short but a step \(index)"])) }
        gate.pass()
        for task in short { _ = try await task.value }
        _ = try await long.value
        let turns = world.steps.map { $0.texts[0].hasPrefix("long") }
        let untilLastShort = turns.lastIndex(of: false)!
        let share = turns[...untilLastShort].count { $0 }
        // Every fifth step at least is the long job's, and the short ones have most.
        #expect(share >= untilLastShort / 6 && share <= untilLastShort / 3, "\(share)")
        let waits = turns[...untilLastShort].split(separator: true).map(\.count)
        #expect(waits.max()! <= 8)
    }

    @Test func longJobsShareTheSteps() async throws {
        let (world, gate) = gated(at: 0)
        let engine = try world.engine {
            $0.tokenBudget = 30
            $0.cacheBytes = 0
        }
        var jobs: [Task<EmbeddingResult, any Error>] = []
        for name in ["a", "b", "c"] {
            jobs.append(await engine.begin((0..<60).map { "\(name) is a long job \($0)" }))
            if name == "a" { await gate.reached() }
        }
        gate.pass()
        for job in jobs { _ = try await job.value }
        // While all are under way, each has a turn now and then.
        let owners = world.steps.prefix(40).map { $0.texts[0].first! }
        for name in "abc" { #expect(owners.count { $0 == name } >= 4) }
    }

    @Test func theShortestHasTheTurn() {
        var turns = Turns()
        #expect(turns.next(of: []) == nil)
        #expect(turns.next(of: [(50, 0), (10, 0), (10, 3), (90, 1)]) == 2)
    }

    @Test func whoWaitedForLongHasEveryOtherTurn() {
        var turns = Turns()
        let jobs = [(remaining: 500, passedOver: 9), (10, 0), (900, 9), (700, 12)]
        #expect((0..<4).map { _ in turns.next(of: jobs) } == [3, 1, 3, 1])
        // What is left counts as much as how long it waited.
        #expect(turns.next(of: [(300, 5), (400, 4), (1, 9)]) == 1)
    }
}
