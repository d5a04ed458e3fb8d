import Host
import Testing

@Suite struct ByteBudgetTests {
    @Test func whoeverFindsNothingLeftWaitsUntilSomebodyGivesBack() async throws {
        let budget = ByteBudget(100, patience: .seconds(600))
        var first: ByteBudget.Share? = try await budget.take(60)
        // A task keeps what it returns, so these give it back.
        let second = Task { _ = try await budget.take(60) }
        let third = Task { _ = try await budget.take(40) }
        withExtendedLifetime(first) {}
        first = nil
        _ = try await (second.value, third.value)
        await #expect(throws: Never.self, "not all of it came back") {
            try await budget.take(100)
        }
    }

    @Test func nobodyWaitsForEver() async throws {
        let budget = ByteBudget(10, patience: .milliseconds(1))
        let share = try await budget.take(10)
        let refusal = await #expect(throws: APIError.self) { try await budget.take(1) }
        #expect(refusal?.status == 429 && refusal?.retryAfter != nil)
        withExtendedLifetime(share) {}
    }

    @Test func aBodyBeyondTheWholeBudgetTakesAllOfIt() async throws {
        let budget = ByteBudget(10, patience: .milliseconds(1))
        let share = try await budget.take(1000)
        await #expect(throws: APIError.self) { try await budget.take(1) }
        withExtendedLifetime(share) {}
    }

    @Test func whoeverNoLongerWaitsTakesNothing() async throws {
        let budget = ByteBudget(10, patience: .seconds(600))
        var share: ByteBudget.Share? = try await budget.take(10)
        let waiting = Task { try await budget.take(10) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        withExtendedLifetime(share) {}
        share = nil
        _ = try await budget.take(10)
    }

    /// Who waited behind somebody with a large wish need not wait for the next that is given back.
    @Test func whoeverLeavesLetsThoseBehindHaveWhatIsFree() async throws {
        let budget = ByteBudget(10, patience: .seconds(600))
        let share = try await budget.take(6)
        let large = Task { _ = try await budget.take(10) }
        while budget.waiting < 1 { await Task.yield() }
        let small = Task { _ = try await budget.take(4) }
        while budget.waiting < 2 { await Task.yield() }
        large.cancel()
        await #expect(throws: Never.self) { try await small.value }
        withExtendedLifetime(share) {}
    }
}
