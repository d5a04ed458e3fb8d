import Engine
import Foundation
import Testing

@Suite struct SamplerTests {
    private func distribution(
        _ logits: [Float], history: [Int32] = [], output: [Int32] = [],
        _ change: (inout SamplingParameters) -> Void
    ) throws -> [Float] {
        var parameters = SamplingParameters()
        change(&parameters)
        var sampler = Sampler(parameters, seed: 0)
        for token in history { sampler.append(token, generated: false) }
        for token in output { sampler.append(token, generated: true) }
        return try sampler.distribution(logits)
    }

    private func logs(_ probabilities: [Double]) -> [Float] {
        probabilities.map { Float(log($0)) }
    }

    private func expectEqual(
        _ found: [Float], _ expected: [Float], tolerance: Float = 1e-6,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == expected.count, sourceLocation: sourceLocation)
        for (index, pair) in zip(found, expected).enumerated() {
            #expect(
                abs(pair.0 - pair.1) <= tolerance, "at \(index)", sourceLocation: sourceLocation)
        }
    }

    /// Float32 softmax of transformers and ours differ by rounding only.
    @Test func distributionsEqualThoseOfTransformers() throws {
        let goldens = try SamplingGoldens()
        #expect(goldens.cases.count == 9)
        for golden in goldens.cases {
            var sampler = Sampler(golden.parameters, seed: 0)
            for token in goldens.history { sampler.append(token, generated: false) }
            let found = try sampler.distribution(goldens.logits)
            #expect(found.count { $0 > 0 } == golden.kept, "\(golden.name)")
            expectEqual(found, golden.probabilities)
        }
    }

    @Test func onlyAllowedTokensAreChosen() throws {
        let found = try distribution([9, log(3), 9, 0, 9]) { $0.allowedTokens = [1, 3] }
        expectEqual(found, [0, 0.75, 0, 0.25, 0])
        let last = try distribution([9, 9, 0]) { $0.allowedTokens = [2] }
        expectEqual(last, [0, 0, 1])
        var parameters = SamplingParameters()
        parameters.allowedTokens = [1]
        var sampler = Sampler(parameters, forbidden: [1], seed: 0)
        let logits: [Float] = [0, 0]
        let error = #expect(throws: EngineError.self) {
            try logits.withUnsafeBufferPointer {
                try sampler.choose(from: $0, with: SamplingWorkspace())
            }
        }
        let reason = "leaves no token that may be chosen"
        #expect(error == .invalidParameter(name: "allowed_token_ids", reason: reason))
    }

    @Test func runsThatAreForbiddenAreNotCompleted() throws {
        let runs: [[Int32]] = [[2], [0, 1], [3, 0, 3], []]
        func kept(_ history: [Int32], _ output: [Int32] = []) throws -> [Int] {
            let found = try distribution([0, 0, 0, 0], history: history, output: output) {
                $0.forbiddenRuns = runs
            }
            return found.indices.filter { found[$0] > 0 }
        }
        #expect(try kept([]) == [0, 1, 3])
        #expect(try kept([3], [0]) == [0])
        #expect(try kept([0]) == [0, 3])
        #expect(try kept([3, 0, 1]) == [0, 1, 3])
    }

    @Test func temperatureDividesTheLogits() throws {
        let found = try distribution([log(2), 0]) { $0.temperature = 0.5 }
        expectEqual(found, [0.8, 0.2])
    }

    /// Two tokens, so that the second's probability is a logistic function of the distance.
    @Test func probabilitiesAreGoodToTheirLastDigits() throws {
        for step in 0..<870 {
            let distance = Float(step) / 10
            let found = try distribution([0, -distance]) { _ in }[1]
            let expected = 1 / (1 + exp(Double(distance)))
            #expect(abs(Double(found) - expected) <= 4e-7 * expected, "at \(distance)")
        }
    }

    @Test func topKKeepsTheLikeliest() throws {
        let found = try distribution(logs([0.1, 0.4, 0.2, 0.3])) { $0.topK = 2 }
        expectEqual(found, [0, 4 / 7, 0, 3 / 7])
    }

    @Test func topPKeepsTheTokenThatReachesTheMass() throws {
        let found = try distribution(logs([0.1, 0.4, 0.2, 0.3])) { $0.topP = 0.65 }
        expectEqual(found, [0, 4 / 7, 0, 3 / 7])
        let one = try distribution(logs([0.1, 0.4, 0.2, 0.3])) { $0.topP = 0.001 }
        expectEqual(one, [0, 1, 0, 0])
    }

    @Test func minPIsRelativeToTheLikeliest() throws {
        let found = try distribution(logs([0.1, 0.4, 0.2, 0.3])) { $0.minP = 0.45 }
        expectEqual(found, [0, 4 / 9, 2 / 9, 3 / 9])
    }

    /// Entropy 1.168; surprises 0.51, 1.61, 2.30, 2.30: 0.2's is nearest (0.44), then 0.6's (0.66).
    @Test func typicalKeepsTheNearestToTheEntropy() throws {
        let found = try distribution(logs([0.6, 0.2, 0.1, 0.1])) { $0.typicalP = 0.15 }
        expectEqual(found, [0, 1, 0, 0])
        let more = try distribution(logs([0.6, 0.2, 0.1, 0.1])) { $0.typicalP = 0.5 }
        expectEqual(more, [0.75, 0.25, 0, 0])
    }

    @Test func repetitionPenaltyWeakensWhatWasSeenOnBothSidesOfZero() throws {
        let found = try distribution([2, -1, 1], history: [0, 1, 0]) { $0.repetitionPenalty = 2 }
        let plain = try distribution([1, -2, 1]) { _ in }
        expectEqual(found, plain)
    }

    @Test func frequencyCountsAndPresenceDoesNotAndPromptsAreFree() throws {
        let found = try distribution([1, 1, 1], history: [2, 2], output: [0, 0, 1]) {
            $0.frequencyPenalty = 0.25
            $0.presencePenalty = 0.5
        }
        let plain = try distribution([0, 0.25, 1]) { _ in }
        expectEqual(found, plain)
    }

    @Test func penaltiesLookAtTheWindowOnly() throws {
        let found = try distribution([1, 1, 1], output: [0, 0, 1, 2]) {
            $0.frequencyPenalty = 1
            $0.penaltyWindow = 2
        }
        let plain = try distribution([1, 0, 0]) { _ in }
        expectEqual(found, plain)
        let none = try distribution([1, 1, 1], output: [0, 0, 1, 2]) {
            $0.presencePenalty = 1
            $0.penaltyWindow = 0
        }
        expectEqual(none, [1 / 3, 1 / 3, 1 / 3])
    }

    /// After 1 2 3 1 2, the run 1 2 3 would be there twice; after 2 alone nothing is known of pairs.
    @Test func aRunIsNotWrittenTwice() throws {
        let found = try distribution([0, 0, 0, 0], history: [1, 2, 3], output: [1, 2]) {
            $0.noRepeatNGram = 3
        }
        expectEqual(found, [1 / 3, 1 / 3, 1 / 3, 0])
        let early = try distribution([0, 0], output: [0]) { $0.noRepeatNGram = 3 }
        expectEqual(early, [0.5, 0.5])
        let ones = try distribution([0, 0, 0], output: [0, 2]) { $0.noRepeatNGram = 1 }
        expectEqual(ones, [0, 1, 0])
    }

    @Test func biasIsAddedAndMinusInfinityForbids() throws {
        let found = try distribution([0, 0, 0]) { $0.logitBias = [0: log(3), 2: -.infinity] }
        expectEqual(found, [0.75, 0.25, 0])
    }

    @Test func tiesAtAnEdgeGoToTheLowerIDs() throws {
        expectEqual(try distribution([1, 1, 1, 1]) { $0.topK = 2 }, [0.5, 0.5, 0, 0])
        expectEqual(try distribution([1, 1, 1, 1]) { $0.topP = 0.5 }, [0.5, 0.5, 0, 0])
    }

    @Test func greedyTakesTheFirstOfTheLikeliest() throws {
        var sampler = Sampler(.greedy, seed: 0)
        #expect(try choose([0, 3, 1, 3], &sampler) == 1)
    }

    @Test func forbiddenTokensAreNeverTaken() throws {
        var sampler = Sampler(.greedy, forbidden: [1, 3], seed: 0)
        #expect(try choose([0, 3, 1, 3], &sampler) == 2)
    }

    @Test func drawsFollowTheDistribution() throws {
        var parameters = SamplingParameters()
        parameters.seed = 42
        var sampler = Sampler(parameters, seed: 0)
        var counts = [Int](repeating: 0, count: 3)
        for _ in 0..<20_000 { counts[Int(try choose(logs([0.5, 0.3, 0.2]), &sampler))] += 1 }
        // Five standard deviations: sqrt(20000 · 0.25) = 71.
        for (count, expected) in zip(counts, [10_000, 6_000, 4_000]) {
            #expect(abs(count - expected) < 355)
        }
    }

    @Test(arguments: [Float.nan, .infinity])
    func logitsThatAreNoNumbersAreAnError(bad: Float) throws {
        for place in [0, 5, 16, 18] {
            var logits = [Float](repeating: 0, count: 19)
            logits[place] = bad
            for parameters in [SamplingParameters.greedy, SamplingParameters()] {
                var sampler = Sampler(parameters, seed: 0)
                #expect(throws: EngineError.self) { try choose(logits, &sampler) }
            }
        }
    }

    @Test func aRowThatForbidsEverythingIsAnError() {
        var sampler = Sampler(.greedy, seed: 0)
        #expect(throws: EngineError.invalidLogits("no token that may be chosen")) {
            try choose([-.infinity, -.infinity], &sampler)
        }
    }

    @Test func extremeParametersLeaveADistribution() throws {
        let logits: [Float] = [3e38, 0, -3e38, 1e-30, -.infinity]
        for temperature in [.leastNonzeroMagnitude, 1e-6, 1, 1e6, 3e38] as [Float] {
            for topP in [1e-30, 0.5, 1] as [Float] {
                let found = try distribution(logits) {
                    $0.temperature = temperature
                    $0.topP = topP
                    $0.minP = 1e-20
                    $0.typicalP = 0.9
                }
                #expect(abs(found.reduce(0, +) - 1) < 1e-5)
                #expect(found[4] == 0)
            }
        }
    }

    private func choose(_ logits: [Float], _ sampler: inout Sampler) throws -> Int32 {
        let workspace = SamplingWorkspace()
        return try logits.withUnsafeBufferPointer { try sampler.choose(from: $0, with: workspace) }
    }
}
