import Engine
import PluginHost
import Synchronization
import Testing

/// What a text repeats is guessed, and nothing but the time shows it.
@Suite struct SpeculationTests {
    /// A clock that only steps move: so much a step, and so much a row.
    private final class Clock: Sendable {
        private let time = Mutex(MonotonicTime(nanoseconds: 0))
        let step, row: Duration

        init(step: Duration, row: Duration) {
            (self.step, self.row) = (step, row)
        }

        var now: MonotonicTime { time.withLock { $0 } }

        func pass(_ rows: Int) {
            time.withLock { $0 = $0 + (step + row * rows) }
        }
    }

    /// Rows that share what a step costs, and rows that cost all by themselves.
    private static let cheapRows = (step: Duration.milliseconds(20), row: Duration.milliseconds(1))
    private static let dearRows = (step: Duration.microseconds(1), row: Duration.milliseconds(20))

    private func engine(
        _ world: FakeWorld, _ clock: Clock, guesses: Bool = true,
        _ change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> TextEngine {
        try world.engine {
            $0.guesses = guesses
            $0.clock = { clock.now }
            change(&$0)
        }
    }

    private func world(
        _ clock: Clock, flags: DecodeFlags = [.truncateAny, .fork, .batchInvariant],
        forced: @escaping @Sendable ([Int32]) -> Int32? = { _ in nil }, crashes: Bool = false
    ) -> FakeWorld {
        FakeWorld(
            sequences: 6, flags: flags, forced: forced,
            script: { call, batch in
                clock.pass(batch.count)
                guard crashes else { return nil }
                switch call % 13 {
                case 7: return .segfault
                case 11: return .sequencesLost
                default: return nil
                }
            })
    }

    /// Copies what is 20 tokens back.
    private static let copying: @Sendable ([Int32]) -> Int32? = { tokens in
        tokens.count >= 20 ? tokens[tokens.count - 20] : nil
    }

    private static let prompt = (0..<20).map { Int32($0) }

    @Test func aTextThatCopiesItsPromptTakesFewSteps() async throws {
        let clock = Clock(step: Self.cheapRows.step, row: Self.cheapRows.row)
        let world = world(clock, forced: Self.copying)
        let engine = try engine(world, clock)
        let output = try await engine.submit(.plain(Self.prompt, maxTokens: 200)).output()
        #expect(output.ids == (0..<200).map { Int32($0 % 20) })
        #expect(output.usage.completionTokens == 200 && output.reason == .length)
        #expect(world.batches.count < 40, "\(world.batches.map(\.count))")
        #expect(world.batches.allSatisfy { $0.count <= 20 })
        let statistics = engine.statistics
        #expect(statistics.rightGuesses > 150)
        #expect(statistics.guessedTokens - statistics.rightGuesses < 20)
        #expect(statistics.generatedTokens == 200)
    }

    @Test func whereRowsAreDearNothingIsGuessed() async throws {
        let clock = Clock(step: Self.dearRows.step, row: Self.dearRows.row)
        let world = world(clock, forced: Self.copying)
        let engine = try engine(world, clock)
        let output = try await engine.submit(.plain(Self.prompt, maxTokens: 200)).output()
        #expect(output.ids == (0..<200).map { Int32($0 % 20) })
        #expect(engine.statistics.guessedTokens == 0)
    }

    /// Three tokens that recur and never go on as before.
    @Test func guessesThatAreWrongAreGivenUp() async throws {
        let clock = Clock(step: Self.cheapRows.step, row: Self.cheapRows.row)
        let world = world(clock) { tokens in
            switch tokens.count % 5 {
            case 0: 1
            case 1: 2
            case 2: 3
            default: nil
            }
        }
        let engine = try engine(world, clock)
        let output = try await engine.submit(.plain([9, 9], maxTokens: 300)).output()
        #expect(output.ids == world.greedy([9, 9], count: 300))
        let statistics = engine.statistics
        #expect(statistics.guessedTokens > 0)
        // 3 % of the time of 300 steps is nine steps, or 190 rows.
        #expect(statistics.guessedTokens <= 190, "\(statistics.guessedTokens)")
    }

    @Test(arguments: [[.truncateAny], [.fork, .batchInvariant]] as [DecodeFlags])
    func aModelWhoseResultsCouldChangeIsNotGuessedFor(flags: DecodeFlags) async throws {
        let clock = Clock(step: Self.cheapRows.step, row: Self.cheapRows.row)
        let world = world(clock, flags: flags, forced: Self.copying)
        let engine = try engine(world, clock)
        _ = try await engine.submit(.plain(Self.prompt, maxTokens: 50)).output()
        #expect(engine.statistics.guessedTokens == 0)
    }

    @Test func anOutputEndsWhereItWould() async throws {
        let clock = Clock(step: Self.cheapRows.step, row: Self.cheapRows.row)
        for maxTokens in 25..<45 {
            let world = world(clock, forced: Self.copying)
            let output = try await engine(world, clock)
                .submit(.plain(Self.prompt, maxTokens: maxTokens)).output()
            #expect(output.ids.count == maxTokens && output.reason == .length)
        }
        // The letters begin at "0": token 17 is "A", 19 is "C", and then comes 0 again.
        var stopped = GenerationRequest.plain(Self.prompt, maxTokens: 200)
        (stopped.stop, stopped.includesStop) = (["BC01"], true)
        let world = world(clock, forced: Self.copying)
        let output = try await engine(world, clock).submit(stopped).output()
        #expect(output.reason == .stopString("BC01") && output.text.hasSuffix("ABC01"))
        #expect(output.usage.completionTokens == 22)
    }

    /// Everything at once, with a model that fails, against the same without guesses.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func manyStreamsGetWhatTheyGetWithoutGuesses(seed: UInt64) async throws {
        let clock = Clock(step: Self.cheapRows.step, row: Self.cheapRows.row)
        /// Often as ten tokens ago, else anything.
        let forced: @Sendable ([Int32]) -> Int32? = { tokens in
            tokens.count >= 10 && tokens.reduce(0, { $0 &* 31 &+ $1 }) % 9 != 0
                ? tokens[tokens.count - 10] : nil
        }
        var random = TestRandom(state: seed)
        let requests = (0..<40).map { _ in
            var request = GenerationRequest.plain(
                (0..<Int.random(in: 1...30, using: &random)).map { Int32($0 % 8) },
                maxTokens: .random(in: 1...120, using: &random),
                seed: .random(in: 0...9, using: &random))
            request.sampling.temperature = .random(in: 0...60, using: &random)
            request.sampling.topK = 8
            request.sampling.repetitionPenalty = 1.02
            request.sampling.mirostat = Bool.random(using: &random) ? 2 : 0
            request.sampling.xtcProbability = Bool.random(using: &random) ? 0.3 : 0
            request.minTokens = .random(in: 0...4, using: &random)
            if Bool.random(using: &random) { request.stop = ["012"] }
            return request
        }
        func outputs(guesses: Bool, crashes: Bool) async throws -> [Output] {
            let world = world(clock, forced: forced, crashes: crashes)
            let engine = try engine(world, clock, guesses: guesses) {
                ($0.retries, $0.queueLimit) = (1000, 1000)
            }
            let streams = try requests.map { try engine.submit($0) }
            let outputs = try await streams.asyncMap { try await $0.output() }
            if guesses { #expect(engine.statistics.rightGuesses > 100) }
            return outputs
        }
        let plain = try await outputs(guesses: false, crashes: false)
        for crashes in [false, true] {
            let found = try await outputs(guesses: true, crashes: crashes)
            for (index, (found, plain)) in zip(found, plain).enumerated() {
                #expect(
                    found.ids == plain.ids && found.text == plain.text
                        && found.reason == plain.reason, "request \(index)")
            }
        }
    }

    @Test func aContextThatShiftsIsGuessedForToo() async throws {
        let clock = Clock(step: Self.cheapRows.step, row: Self.cheapRows.row)
        func output(_ guesses: Bool) async throws -> [Int32] {
            let world = FakeWorld(
                contextLength: 64, forced: { $0.count >= 12 ? $0[$0.count - 12] : nil },
                script: { _, batch in
                    clock.pass(batch.count)
                    return nil
                })
            var request = GenerationRequest.plain(Array(Self.prompt.prefix(12)), maxTokens: 300)
            request.overflow = .shift(keep: 3)
            return try await engine(world, clock, guesses: guesses).submit(request).output().ids
        }
        #expect(try await output(true) == output(false))
    }
}
