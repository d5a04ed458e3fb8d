import Engine
import PluginHost
import Testing

/// The channel between a loop and the reader of a job's events.
@Suite struct JobEventsTests {
    private enum Failure: Error { case lost }

    private let queue = JobQueue<IdleJob>(limit: 1)

    private func channel(backlog: Int = 1024) -> JobChannel<TestEvent> {
        var options = EngineOptions.text
        options.backlog = backlog
        return JobChannel(options, to: queue)
    }

    @Test func eventsComeInTheirOrderAndThenTheEnd() async throws {
        let channel = channel()
        channel.send("a")
        channel.send("b")
        channel.finish("c")
        channel.send("too late")
        for expected in ["a", "b", "c", nil, nil] as [TestEvent?] {
            #expect(try await channel.next() == expected)
        }
    }

    @Test func anErrorComesBehindWhatWasSentAndTheFirstEndCounts() async throws {
        let channel = channel()
        channel.send("a")
        channel.fail(Failure.lost)
        channel.finish("never")
        #expect(try await channel.next() == "a")
        await #expect(throws: Failure.lost) { try await channel.next() }
        #expect(try await channel.next() == nil)
    }

    @Test func aReaderThatWaitsGetsTheNextEventAndTheEnd() async throws {
        let channel = channel()
        let reading = Task { (try await channel.next(), try await channel.next()) }
        channel.send("a")
        channel.finish()
        let (first, second) = try await reading.value
        #expect(first == "a" && second == nil)
    }

    @Test func aFullBacklogPausesTheJobUntilHalfOfItIsRead() async throws {
        let channel = channel(backlog: 4)
        for _ in 0..<3 { channel.send("x") }
        #expect(!channel.isFull && channel.stall == nil)
        channel.send("x")
        #expect(channel.isFull)
        let stall = try #require(channel.stall)
        #expect(stall > .now)
        _ = try await channel.next()
        #expect(channel.isFull && channel.stall == stall)
        _ = try await channel.next()
        #expect(!channel.isFull && channel.stall == nil)
    }

    @Test func anEventMayCountForMore() {
        let channel = channel(backlog: 4)
        channel.send("x", count: 4)
        #expect(channel.isFull)
        // What has ended is paused for nobody.
        channel.finish()
        #expect(!channel.isFull)
    }

    @Test func eventsThatJoinAreOneForASlowReader() async throws {
        let channel = channel()
        channel.send("+a")
        channel.send("+b")
        channel.send("c")
        channel.finish()
        var events: [TestEvent] = []
        while let event = try await channel.next() { events.append(event) }
        #expect(events == ["+a+b", "c"])
    }

    @Test func cancellingEndsTheEventsOnce() async throws {
        let channel = channel()
        channel.send("a")
        channel.cancel()
        channel.cancel()
        #expect(channel.isCancelled)
        #expect(try await channel.next() == "a")
        await #expect(throws: CancellationError.self) { try await channel.next() }
        #expect(try await channel.next() == nil)
    }

    @Test func aTaskThatIsCancelledWhileItReadsEndsTheJob() async throws {
        let channel = channel()
        let reading = Task { try await channel.next() }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        #expect(channel.isCancelled)
    }

    @Test func eventsThatNobodyHoldsEndTheJob() async throws {
        let channel = channel()
        channel.send("a")
        do {
            let events = JobEvents(channel, of: queue)
            for try await event in events {
                #expect(event == "a")
                break
            }
        }
        #expect(channel.isCancelled)
    }
}

/// Events that begin with a plus join.
private struct TestEvent: JobEvent, Equatable, ExpressibleByStringLiteral {
    private var text: String

    init(stringLiteral text: String) {
        self.text = text
    }

    mutating func join(_ next: TestEvent) -> Bool {
        guard text.hasPrefix("+"), next.text.hasPrefix("+") else { return false }
        text += next.text
        return true
    }
}

private final class IdleJob: EngineJob, @unchecked Sendable {
    let submitted = MonotonicTime.now
    var hasBegun = false
    let isCancelled = false

    func fail(_ error: any Error) {}
}
