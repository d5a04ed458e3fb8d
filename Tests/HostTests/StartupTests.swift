import Host
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct StartupTests {
    @Test func aModelThatIsNotLoadedAtTheStartIsNotWaitedFor() async throws {
        let startup = Startup(loading: ["a"])
        await #expect(throws: Never.self) { try await startup.wait(for: "other") }
        await #expect(throws: Never.self) { try await Startup(loading: []).wait(for: nil) }
    }

    @Test func whoWaitsForOneModelDoesNotWaitForOthers() async throws {
        let startup = Startup(loading: ["slow", "fast"])
        let waiting = Task { try await startup.wait(for: "fast") }
        startup.ended("fast")
        await #expect(throws: Never.self) { try await waiting.value }
        await #expect(throws: Never.self) { try await startup.wait(for: "fast") }
    }

    @Test func whoWaitsForAnyWaitsForAll() async throws {
        let startup = Startup(loading: ["a", "b"])
        let ended = Mutex(0)
        let waiting = Task {
            try await startup.wait(for: nil)
            #expect(ended.withLock { $0 } == 2)
        }
        for name in ["a", "b"] {
            ended.withLock { $0 += 1 }
            startup.ended(name)
        }
        try await waiting.value
    }

    @Test func whoIsCancelledWaitsNoLonger() async {
        let startup = Startup(loading: ["a"])
        let waiting = Task { try await startup.wait(for: "a") }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
