import Engine
import PluginHost
import Synchronization
import Testing

/// Who gets the next sequence, and the next rows.
@Suite struct TextFairnessTests {
    // MARK: - Rows by time

    /// A clock that only the model's steps move.
    private final class StepClock: Sendable {
        private let time = Mutex(MonotonicTime(nanoseconds: 0))
        private let steps = Mutex<[(rows: Int, time: Duration)]>([])

        var now: MonotonicTime { time.withLock { $0 } }
        var durations: [Duration] { steps.withLock { $0.map(\.time) } }

        /// What steps of more than one row took, without those of so many streams.
        func timeOfPrompts(besides streams: Int) -> Duration {
            steps.withLock { steps in
                steps.filter { $0.rows > 1 }.reduce(.zero) {
                    $0 + $1.time - .microseconds(1800 * streams)
                }
            }
        }

        /// 10 ms, and 1.8 ms a row: a little over 500 rows in a second.
        func pass(_ rows: Int) {
            let duration = Duration.microseconds(10_000 + rows * 1800)
            time.withLock { $0 = $0 + duration }
            steps.withLock { $0.append((rows, duration)) }
        }
    }

    private func run(
        _ prompts: Int, besideStream: Bool
    ) async throws -> (clock: StepClock, world: FakeWorld) {
        let clock = StepClock()
        let gate = Gatekeeper()
        let world = FakeWorld(
            contextLength: 4096, sequences: 20, batchSize: 512,
            script: { call, batch in
                if call == (besideStream ? 1 : 0) { gate.stop() }
                clock.pass(batch.count)
                return nil
            })
        let engine = try world.engine {
            $0.parallel = 20
            $0.clock = { clock.now }
        }
        // One token of the first prompt, which opens the gate's batch, is no load.
        let first = try engine.submit(.plain([63], maxTokens: besideStream ? 400 : 1))
        await gate.reached()
        let streams = try (0..<prompts).map { index in
            try engine.submit(
                .plain((0..<300).map { Int32(($0 + 7 * index) % 60) }, maxTokens: 1))
        }
        gate.pass()
        for stream in streams { _ = try await stream.output() }
        first.cancel()
        return (clock, world)
    }

    /// 16 prompts of 300 tokens beside a stream that has just begun.
    @Test func aRunningStreamWaitsForOneBudgetedStep() async throws {
        let (clock, world) = try await run(16, besideStream: true)
        // Every step has a row of the stream, so that a step is the gap between two of its tokens.
        #expect(world.batches.allSatisfy { $0.sequences.contains(0) || $0.count == 1 })
        #expect((clock.durations.max() ?? .zero) <= .milliseconds(250), "\(clock.durations)")
        let alone = try await run(16, besideStream: false).clock
        #expect((alone.durations.max() ?? .zero) > .milliseconds(900))
        // Only steps with prompts, and in these only the prompts' own rows.
        let (time, usual) = (clock.timeOfPrompts(besides: 1), alone.timeOfPrompts(besides: 0))
        #expect(usual / time >= 0.9, "\(usual) and \(time)")
    }

    @Test func promptsGetRowsHoweverLongTheStreamsTake() async throws {
        let clock = StepClock()
        let gate = Gatekeeper()
        let world = FakeWorld(script: { call, batch in
            if call == 1 { gate.stop() }
            clock.pass(batch.count * 1000)
            return nil
        })
        let engine = try world.engine { $0.clock = { clock.now } }
        let stream = try engine.submit(.plain([1], maxTokens: 400))
        await gate.reached()
        let prompt = try engine.submit(.plain([Int32](repeating: 2, count: 64), maxTokens: 1))
        gate.pass()
        _ = try await prompt.output()
        stream.cancel()
        #expect(world.batches[2...5].map(\.count) == [17, 17, 17, 17])
    }

    // MARK: - Turns

    /// The first tokens of the prompts that a model with one sequence computed, in order.
    private func order(_ requests: [GenerationRequest]) async throws -> [Int32] {
        let gate = Gatekeeper()
        let world = FakeWorld(
            sequences: 1,
            script: { call, _ in
                if call == 0 { gate.stop() }
                return nil
            })
        let engine = try world.engine { $0.queueLimit = 100 }
        let first = try engine.submit(.plain([0], maxTokens: 1))
        await gate.reached()
        let streams = try requests.map { try engine.submit($0) }
        gate.pass()
        _ = try await first.output()
        for stream in streams { _ = try await stream.output() }
        return world.batches.dropFirst().filter { $0.positions[0] == 0 }.map { $0.tokens[0] }
    }

    private func request(
        _ token: Int32, priority: Int = 0, _ client: Client = Client()
    ) -> GenerationRequest {
        var request = GenerationRequest.plain([token, 9, 9, 9], maxTokens: 1)
        (request.priority, request.client) = (priority, client)
        return request
    }

    @Test func aLowerNumberComesFirst() async throws {
        let found = try await order([
            request(1), request(2, priority: 5), request(3, priority: -1), request(4),
            request(5, priority: -1),
        ])
        #expect(found == [3, 5, 1, 4, 2])
    }

    @Test func aClientWithManyRequestsDoesNotKeepAnotherWaiting() async throws {
        let many = (1...6).map { request(Int32($0), Client(name: "a")) }
        let found = try await order(many + [request(50, Client(name: "b"))])
        #expect(found.firstIndex(of: 50) == 1, "\(found)")
        #expect(found.filter { $0 != 50 } == [1, 2, 3, 4, 5, 6])
    }

    @Test func clientsShareByTheirWeights() async throws {
        let one = Client(name: "a", weight: 1)
        let three = Client(name: "b", weight: 3)
        // No two prompts begin alike.
        let requests =
            (0..<24).map { request(10 + $0, one) } + (0..<24).map { request(36 + $0, three) }
        let found = try await order(requests)
        #expect(found.count == 48)
        for end in [8, 16, 24] {
            let share = found.prefix(end).count { $0 >= 36 }
            #expect(abs(share - end * 3 / 4) <= 1, "\(found)")
        }
    }

    @Test func promptsOfALowerNumberGetTheRows() {
        #expect(
            StepShares.divide([100, 1, 30, 100], budget: 51, priorities: [0, 9, -1, 0])
                == [10, 1, 30, 10])
        #expect(StepShares.divide([100, 100], budget: 20, priorities: [3, 2]) == [0, 20])
    }
}
