import PluginHost
import Synchronization
import Testing

@Suite struct BlockingPoolTests {
    private struct Refusal: Error {}

    /// How many are at work, and how many there were at most.
    private final class Tally: Sendable {
        private let state = Monitor((now: 0, most: 0, isOpen: false))

        var most: Int { state.withLock { $0.most } }

        /// Stays until `open`.
        func work() {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
            _ = state.wait { $0.isOpen ? true : nil }
            state.withLock { $0.now -= 1 }
        }

        func waitFor(_ count: Int) async {
            await BlockingThread.run("wait") {
                _ = self.state.wait { $0.now >= count ? true : nil }
            }
        }

        func open() {
            state.withLock { $0.isOpen = true }
        }
    }

    @Test(.timeLimit(.minutes(10))) func noMoreThreadsThanItMayHaveDoAllTheWork() async throws {
        let pool = BlockingPool("pool", limit: 2)
        let tally = Tally()
        let results = try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    try await pool.run {
                        tally.work()
                        return number
                    }
                }
            }
            await tally.waitFor(2)
            tally.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.sorted() == Array(0..<20))
        #expect(tally.most == 2)
    }

    /// Work that comes while the threads wait, and while they are about to end, is done too.
    @Test func workThatComesOneAfterTheOtherIsAllDone() async throws {
        let pool = BlockingPool("pool", limit: 2)
        for number in 0..<1000 { #expect(try await pool.run { number } == number) }
    }

    /// A thread that is idle takes one job; those behind it get threads of their own.
    @Test(.timeLimit(.minutes(10))) func idleThreadsKeepNoWorkWaiting() async throws {
        let pool = BlockingPool("pool", limit: 3)
        try await pool.run {}
        let tally = Tally()
        async let works: Void = withThrowingTaskGroup { group in
            for _ in 0..<3 { group.addTask { try await pool.run { tally.work() } } }
            try await group.waitForAll()
        }
        await tally.waitFor(3)
        tally.open()
        try await works
        #expect(tally.most == 3)
    }

    @Test func whatTheWorkThrowsIsThrown() async throws {
        let pool = BlockingPool("pool", limit: 1)
        await #expect(throws: Refusal.self) { try await pool.run { throw Refusal() } }
        #expect(try await pool.run { 7 } == 7)
    }
}
