import Engine
import PluginHost
import Testing

/// Models that read a source before they write.
@Suite struct EncoderDecoderTests {
    private static let start: Int32 = 63
    private static let sources = [[1, 2, 3], [5], (0..<40).map { Int32($0) }] as [[Int32]]

    private func world(
        sequences: Int = 4, flags: DecodeFlags = [.truncateAny, .fork],
        encode: @escaping FakeWorld.EncodeScript = { _, _ in nil },
        script: @escaping FakeWorld.Script = { _, _ in nil }
    ) -> FakeWorld {
        FakeWorld(
            sequences: sequences, flags: flags, decoderStart: Self.start, encode: encode,
            script: script)
    }

    private func outputs(_ world: FakeWorld) async throws -> [Output] {
        let engine = try world.engine()
        let streams = try Self.sources.enumerated().map {
            try engine.submit(.plain(source: $1, maxTokens: 6, seed: UInt64($0)))
        }
        return try await streams.asyncMap { try await $0.output() }
    }

    @Test func outputsFollowTheirSources() async throws {
        let world = world()
        let engine = try world.engine()
        #expect(engine.readsSource)
        let streams = try Self.sources.map {
            try engine.submit(.plain(source: $0, maxTokens: 6))
        }
        for (source, stream) in zip(Self.sources, streams) {
            let output = try await stream.output()
            #expect(output.ids == world.greedy([Self.start], of: source, count: 6))
            #expect(output.usage.promptTokens == source.count)
            #expect(output.usage.cachedTokens == 0)
        }
    }

    @Test(
        arguments: [[.truncateAny, .fork], [.truncateAny], [.fork], []]
            as [DecodeFlags], [1, 3])
    func aSourceThatWasReadChangesNothing(
        flags: DecodeFlags, sequences: Int
    ) async throws {
        let world = world(sequences: sequences, flags: flags)
        let engine = try world.engine()
        for source in Self.sources + Self.sources.reversed() + Self.sources {
            let output = try await engine.submit(.plain(source: source, maxTokens: 4)).output()
            #expect(output.ids == world.greedy([Self.start], of: source, count: 4))
        }
    }

    @Test func aSourceIsReadOnce() async throws {
        let world = world()
        let engine = try world.engine()
        let source = Self.sources[2]
        let streams = try (0..<4).map {
            try engine.submit(.plain(source: source, maxTokens: 3, seed: $0))
        }
        let outputs = try await streams.asyncMap { try await $0.output() }
        let later = try await engine.submit(.plain(source: source, maxTokens: 3)).output()
        #expect(world.sources == [source])
        #expect(outputs.map(\.usage.cachedTokens).sorted() == [0, 40, 40, 40])
        #expect(later.ids == world.greedy([Self.start], of: source, count: 3))
        #expect(later.usage.cachedTokens == 40)
    }

    // MARK: - Recovery

    @Test(arguments: 0..<8) func aCrashAtAnyStepLeavesNoTrace(step: Int) async throws {
        let undisturbed = try await outputs(world())
        for failure in [ModelFailure.segfault, .hang, .sequencesLost, .busy] {
            let world = world(script: { call, _ in call == step ? failure : nil })
            let disturbed = try await outputs(world)
            #expect(zip(disturbed, undisturbed).allSatisfy { $0.isSame(as: $1) }, "\(failure)")
            let isRead = failure.isFatal && world.launches == 2 || failure == .sequencesLost
            #expect(!isRead || world.sources.count > 3)
        }
    }

    @Test(arguments: 0..<3) func aCrashWhileReadingLeavesNoTrace(call: Int) async throws {
        let undisturbed = try await outputs(world())
        for failure in [ModelFailure.segfault, .busy] {
            let world = world(encode: { $0 == call && !$1.isEmpty ? failure : nil })
            let disturbed = try await outputs(world)
            #expect(zip(disturbed, undisturbed).allSatisfy { $0.isSame(as: $1) }, "\(failure)")
            #expect(world.launches == (failure.isFatal ? 2 : 1))
        }
    }

    @Test(arguments: [ModelFailure.segfault, .busy])
    func aSourceThatPoisonsTheModelEndsAndTheOthersGoOn(_ failure: ModelFailure) async throws {
        let poison: Int32 = 62
        let world = world(encode: { $1.contains(poison) ? failure : nil })
        let engine = try world.engine()
        let before = try engine.submit(.plain(source: [1], maxTokens: 12))
        let bad = try engine.submit(.plain(source: [3, poison], maxTokens: 4))
        let after = try engine.submit(.plain(source: [4], maxTokens: 12))
        let error = await #expect(throws: EngineError.self) { try await bad.output() }
        guard case .modelFailed(let attempts, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(attempts == 2)
        for (source, stream) in zip([1, 4] as [Int32], [before, after]) {
            let expected = world.greedy([Self.start], of: [source], count: 12)
            #expect(try await stream.output().ids == expected)
        }
    }

    @Test func readingForNobodyIsAskedToStop() async throws {
        let gate = Gatekeeper()
        let world = world(encode: { _, _ in
            gate.stop()
            return nil
        })
        let engine = try world.engine()
        let stream = try engine.submit(.plain(source: [1], maxTokens: 4))
        await gate.reached()
        stream.cancel()
        while world.cancelRequests == 0 { await Task.yield() }
        gate.pass()
        await engine.drain(upTo: .seconds(60))
        #expect(engine.statistics.cancelled == 1)
    }

    // MARK: - What is asked

    @Test func aSourceThatCannotBeReadIsRefused() throws {
        let engine = try FakeWorld(
            decoderStart: Self.start, info: #", "max_tokens": 5"#
        ).engine()
        let cases: [(request: GenerationRequest, error: EngineError)] = [
            (GenerationRequest(source: []), .emptyPrompt),
            (GenerationRequest(source: [1, 64]), .unknownToken(64, vocabulary: 64)),
            (GenerationRequest(source: [1, 2, 3, 4, 5, 6]), .sourceTooLong(tokens: 6, limit: 5)),
            (
                GenerationRequest(prompt: [1]),
                .unsupported("output without a source: it is an encoder-decoder")
            ),
        ]
        for (request, error) in cases {
            #expect(throws: error) { try engine.submit(request) }
        }
        let reader = try FakeWorld().engine()
        #expect(!reader.readsSource)
        #expect(throws: EngineError.unsupported("a source: it has no encoder")) {
            try reader.submit(GenerationRequest(source: [1]))
        }
    }

    @Test func anOutputBeginsAsTheModelsMakersSay() async throws {
        let world = FakeWorld(
            decoderStart: Self.start, info: #", "generation": {"forced_bos_token_id": 7}"#)
        let engine = try world.engine()
        let output = try await engine.submit(.plain(source: [1], maxTokens: 3)).output()
        #expect(output.ids == world.greedy([Self.start, 7], of: [1], count: 3))
    }

    @Test func aShortOutputGoesOn() async throws {
        let world = FakeWorld(vocabulary: .bytes, decoderStart: 256, forced: { _ in 257 })
        let engine = try world.engine()
        var request = GenerationRequest.plain(source: [1], maxTokens: 9)
        #expect(try await engine.submit(request).output().usage.completionTokens == 1)
        request.minTokens = 4
        let output = try await engine.submit(request).output()
        #expect(output.usage.completionTokens == 5 && output.reason == .stop)
    }

    /// SentencePiece writes a space before the first word too.
    @Test func theTextBeginsWithoutASpace() async throws {
        let words = Vocabulary(
            pieces: [" a", "b"].map { Array($0.utf8) } + [[]], spacePrefix: true)
        let world = FakeWorld(
            vocabulary: words, decoderStart: 2, forced: { $0.count % 2 == 0 ? 0 : 1 })
        let engine = try world.engine()
        let output = try await engine.submit(.plain(source: [1], maxTokens: 4)).output()
        #expect(output.text == "ab ab")
    }
}
