import Engine
import PluginHost
import Testing

@Suite struct LifecycleTests {
    /// A model that stops before call `step`, to be looked at in the middle of its work.
    private func world(stoppingAt step: Int) -> (FakeWorld, Gatekeeper) {
        let gate = Gatekeeper()
        return (
            FakeWorld(script: { call, _ in
                if call == step { gate.stop() }
                return nil
            }), gate
        )
    }

    @Test func aCancelledStreamLeavesBeforeTheNextStep() async throws {
        let (world, gate) = world(stoppingAt: 3)
        let engine = try world.engine()
        let stream = try engine.submit(.plain([1], maxTokens: 100))
        await gate.reached()
        stream.cancel()
        gate.pass()
        await #expect(throws: CancellationError.self) { try await stream.output() }
        // The next request finds an empty batch.
        _ = try await engine.submit(.plain([2], maxTokens: 1)).output()
        #expect(world.batches.count == 5)
        #expect(world.batches[4].count == 1)
        #expect(engine.statistics.cancelled == 1)
    }

    @Test func aDroppedStreamLeavesBeforeTheNextStep() async throws {
        let (world, gate) = world(stoppingAt: 2)
        let engine = try world.engine()
        var stream: GenerationStream? = try engine.submit(.plain([1], maxTokens: 100))
        _ = stream
        await gate.reached()
        stream = nil
        gate.pass()
        _ = try await engine.submit(.plain([2], maxTokens: 1)).output()
        #expect(world.batches.count == 4)
    }

    @Test func aReaderThatIsCancelledEndsItsRequest() async throws {
        let (world, gate) = world(stoppingAt: 2)
        let engine = try world.engine()
        let stream = try engine.submit(.plain([1], maxTokens: 100))
        let reader = Task { try await stream.output() }
        await gate.reached()
        reader.cancel()
        // The reader is told although the model has not come back.
        await #expect(throws: CancellationError.self) { try await reader.value }
        gate.pass()
        _ = try await engine.submit(.plain([2], maxTokens: 1)).output()
        #expect(world.batches.count == 4)
    }

    @Test func aCallThatServesNobodyAnyMoreIsAskedToStop() async throws {
        let (first, second) = (Gatekeeper(), Gatekeeper())
        let world = FakeWorld(script: { call, _ in
            if call == 0 { first.stop() }
            if call == 1 { second.stop() }
            return nil
        })
        let engine = try world.engine()
        let one = try engine.submit(.plain([1], maxTokens: 100))
        await first.reached()
        let two = try engine.submit(.plain([2], maxTokens: 100))
        first.pass()
        await second.reached()
        one.cancel()
        #expect(world.cancelRequests == 0)
        two.cancel()
        #expect(world.cancelRequests == 1)
        second.pass()
        _ = try await engine.submit(.plain([3], maxTokens: 1)).output()
    }

    @Test func aFullQueueRefusesAndSaysWhenToComeBack() async throws {
        let (world, gate) = world(stoppingAt: 0)
        let engine = try world.engine {
            $0.parallel = 2
            $0.queueLimit = 3
        }
        let streams = try (0..<5).map { try engine.submit(.plain([Int32($0)], maxTokens: 2)) }
        let error = #expect(throws: EngineError.self) {
            try engine.submit(.plain([9], maxTokens: 2))
        }
        guard case .overloaded(let queued, let retryAfter) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(queued == 3)
        #expect(retryAfter >= .seconds(1) && retryAfter <= .seconds(60))
        gate.pass()
        for stream in streams { #expect(try await stream.output().ids.count == 2) }
        _ = try await engine.submit(.plain([9], maxTokens: 2)).output()
        #expect(engine.statistics.refused == 1)
        #expect(engine.statistics.finished == 6)
    }

    @Test func aRequestPastItsDeadlineEnds() async throws {
        let (world, gate) = world(stoppingAt: 1)
        let engine = try world.engine()
        var request = GenerationRequest.plain([1], maxTokens: 100)
        request.deadline = .zero
        let expired = try engine.submit(request)
        await #expect(throws: EngineError.deadlineExceeded(after: .zero, generated: 0)) {
            try await expired.output()
        }
        #expect(world.batches.isEmpty)
        let stream = try engine.submit(.plain([1], maxTokens: 4))
        await gate.reached()
        let behind = try engine.submit(request)
        gate.pass()
        await #expect(throws: EngineError.self) { try await behind.output() }
        #expect(try await stream.output().ids.count == 4)
    }

    @Test func aReaderThatIsBehindPausesItsSequenceOnly() async throws {
        let world = FakeWorld()
        let engine = try world.engine { $0.backlog = 5 }
        let slow = try engine.submit(.plain([1], maxTokens: 40))
        // As many steps as the slow one may be ahead of its reader, and then only the other's.
        #expect(try await engine.submit(.plain([2], maxTokens: 30)).output().ids.count == 30)
        #expect(world.batches.count { $0.sequences.contains(0) } <= 31)
        let fed = world.batches.reduce(0) { $0 + $1.count }
        #expect(fed <= 30 + 6)
        #expect(try await slow.output().ids == world.greedy([1], count: 40))
    }

    @Test func aReaderThatStandsStillDoesNotKeepItsPlace() async throws {
        let world = FakeWorld()
        let engine = try world.engine {
            ($0.parallel, $0.backlog, $0.stallLimit) = (1, 5, .milliseconds(1))
        }
        let stuck = try engine.submit(.plain([1], maxTokens: 40))
        #expect(try await engine.submit(.plain([2], maxTokens: 3)).output().ids.count == 3)
        await #expect(throws: EngineError.self) { try await stuck.output() }
        #expect(engine.statistics.failed == 1)
    }

    @Test func drainingFinishesWhatRunsAndTakesNothingNew() async throws {
        let (world, gate) = world(stoppingAt: 2)
        let engine = try world.engine { $0.parallel = 1 }
        let streams = try [1, 2].map { try engine.submit(.plain([Int32($0)], maxTokens: 5)) }
        await gate.reached()
        await engine.drain(upTo: .zero)
        #expect(throws: EngineError.draining) { try engine.submit(.plain([3], maxTokens: 1)) }
        gate.pass()
        await engine.drain(upTo: .seconds(60))
        #expect(engine.statistics.finished == 2)
        for stream in streams { #expect(try await stream.output().reason == .length) }
    }

    @Test func stoppingEndsEverythingWithAnError() async throws {
        let (world, gate) = world(stoppingAt: 2)
        let engine = try world.engine {
            $0.parallel = 1
            $0.stopPatience = .zero
        }
        let streams = try [1, 2].map { try engine.submit(.plain([Int32($0)], maxTokens: 50)) }
        await gate.reached()
        await engine.stop()
        // The model has not come back, and yet nobody waits for it.
        for stream in streams {
            await #expect(throws: EngineError.stopped) { try await stream.output() }
        }
        #expect(throws: EngineError.stopped) { try engine.submit(.plain([3], maxTokens: 1)) }
        gate.pass()
        await engine.stop()
        #expect(world.batches.count == 3)
    }

    @Test func aBadRequestIsRefusedWithAReason() throws {
        let engine = try FakeWorld(contextLength: 16).engine()
        func refusal(_ change: (inout GenerationRequest) -> Void) -> EngineError? {
            var request = GenerationRequest(prompt: [1])
            change(&request)
            return #expect(throws: EngineError.self) { try engine.submit(request) }
        }
        #expect(refusal { $0.prompt = [] } == .emptyPrompt)
        #expect(
            refusal { $0.prompt = [Int32](repeating: 1, count: 16) }
                == .promptTooLong(tokens: 16, context: 16))
        #expect(refusal { $0.prompt = [64] } == .unknownToken(64, vocabulary: 64))
        #expect(refusal { $0.prompt = [-1] } == .unknownToken(-1, vocabulary: 64))
        #expect(refusal { $0.sampling.logitBias = [99: 1] } == .unknownToken(99, vocabulary: 64))
        let changes: [(inout GenerationRequest) -> Void] = [
            { $0.sampling.temperature = -1 }, { $0.sampling.temperature = .nan },
            { $0.sampling.topP = 0 }, { $0.sampling.topP = 1.5 }, { $0.sampling.topK = -1 },
            { $0.sampling.minP = 2 }, { $0.sampling.typicalP = 0 },
            { $0.sampling.repetitionPenalty = 0 }, { $0.sampling.presencePenalty = .infinity },
            { $0.sampling.penaltyWindow = -1 }, { $0.sampling.logitBias = [1: .nan] },
            { $0.stop = ["a", ""] }, { $0.maxTokens = -1 }, { $0.logprobs = -1 },
        ]
        for change in changes {
            guard case .invalidParameter = refusal(change) else {
                Issue.record("accepted")
                continue
            }
        }
    }

    @Test func theContextsEndIsALengthEnd() async throws {
        let world = FakeWorld(contextLength: 16)
        let output = try await world.engine().submit(.plain([1, 2, 3], maxTokens: 100)).output()
        #expect(output.reason == .length)
        #expect(output.usage.completionTokens == 13)
    }

    @Test func seedsAreReportedAndRepeatTheOutput() async throws {
        let engine = try FakeWorld().engine()
        var request = GenerationRequest.plain([1], maxTokens: 20, seed: 3)
        request.sampling.seed = nil
        let first = try await engine.submit(request).output()
        request.sampling.seed = first.usage.seed
        #expect(try await engine.submit(request).output().ids == first.ids)
        request.sampling.seed = first.usage.seed &+ 1
        #expect(try await engine.submit(request).output().ids != first.ids)
    }

    @Test func columnsBeyondTheVocabularyAreNeverSampled() async throws {
        let world = FakeWorld(columns: 80, edit: { _, row in row[70] = 50 })
        let output = try await world.engine().submit(.plain([1], maxTokens: 20)).output()
        #expect(output.ids.allSatisfy { $0 < 64 })
    }

    @Test func whatThePluginSaysAboutItsModelIsRead() throws {
        let engine = try FakeWorld().engine()
        #expect(engine.info.name == "Fake")
        #expect(engine.info.architecture == "hash")
        #expect(engine.info.contextLength == 512)
        #expect(engine.info.chatTemplate == nil)
    }
}
