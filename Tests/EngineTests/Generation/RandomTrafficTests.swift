import Engine
import PluginHost
import Testing

/// Many requests at once against the plain version: one sequence, no batch, no reuse.
@Suite struct RandomTrafficTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func requestsInABatchGiveWhatTheyGiveAlone(seed: UInt64) async throws {
        let world = FakeWorld(
            contextLength: 96, sequences: 6, batchSize: 24,
            script: { call, _ in
                // Now and then the model fails in one way or another.
                switch call % 41 {
                case 13: .segfault
                case 27: .sequencesLost
                case 33: .busy
                default: nil
                }
            })
        let engine = try world.engine {
            $0.parallel = 5
            $0.queueLimit = 1000
            $0.retries = 1000
        }
        var random = TestRandom(state: seed)
        let requests = (0..<200).map { _ in Self.request(&random) }
        let outputs = try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            for (index, request) in requests.enumerated() {
                let stream = try engine.submit(request)
                group.addTask { (index, try await stream.output()) }
            }
            return try await group.reduce(into: [Int: Output]()) { $0[$1.0] = $1.1 }
        }
        for (index, request) in requests.enumerated() {
            let output = try #require(outputs[index])
            #expect(output.ids == (try world.alone(request)), "request \(index)")
        }
        #expect(engine.statistics.finished == 200)
        #expect(engine.statistics.recoveries > 0)
        #expect(engine.statistics.prefixHits > 0)
    }

    /// Prompts begin alike often, so that prefixes are found, cut and forked.
    private static func request(_ random: inout TestRandom) -> GenerationRequest {
        let family = Int32.random(in: 0..<4, using: &random)
        var prompt = [Int32](repeating: family, count: .random(in: 1...40, using: &random))
        for _ in 0..<Int.random(in: 0...10, using: &random) {
            prompt.append(.random(in: 0..<64, using: &random))
        }
        var request = GenerationRequest.plain(
            prompt, maxTokens: .random(in: 1...30, using: &random),
            seed: .random(in: 0...9, using: &random))
        if Bool.random(using: &random) { request.sampling = .greedy }
        request.sampling.topK = .random(in: 0...20, using: &random)
        request.sampling.repetitionPenalty = .random(in: 0.8...1.4, using: &random)
        request.sampling.penaltyWindow = Bool.random(using: &random) ? 8 : nil
        request.sampling.dryMultiplier = Bool.random(using: &random) ? 1 : 0
        request.sampling.xtcProbability = Bool.random(using: &random) ? 0.5 : 0
        request.sampling.temperatureRange = Bool.random(using: &random) ? 0.5 : 0
        request.sampling.mirostat = Bool.random(using: &random) ? 2 : 0
        request.sampling.seed = .random(in: 0...9, using: &random)
        return request
    }
}

extension FakeWorld {
    /// The output of a request for which nothing else exists.
    fileprivate func alone(_ request: GenerationRequest) throws -> [Int32] {
        var sampler = Sampler(request.sampling, vocabulary: vocabulary, seed: 0)
        for token in request.prompt { sampler.append(token, generated: false) }
        let workspace = SamplingWorkspace()
        var tokens = request.prompt
        for _ in 0..<(request.maxTokens ?? 0) {
            let next = try logits(after: tokens).withUnsafeBufferPointer {
                try sampler.choose(from: $0, with: workspace)
            }
            sampler.append(next, generated: true)
            tokens.append(next)
        }
        return Array(tokens[request.prompt.count...])
    }
}
