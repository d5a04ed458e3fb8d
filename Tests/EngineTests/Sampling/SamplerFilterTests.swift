import Engine
import Foundation
import Testing

/// The filters of llama.cpp, with numbers of its own tests where those stand in comments.
@Suite struct SamplerFilterTests {
    private func distribution(
        _ probabilities: [Double], _ change: (inout SamplingParameters) -> Void
    ) throws -> [Float] {
        var parameters = SamplingParameters()
        change(&parameters)
        return try Sampler(parameters, seed: 0).distribution(probabilities.map { Float(log($0)) })
    }

    private func expectEqual(
        _ found: [Float], _ expected: [Float],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == expected.count, sourceLocation: sourceLocation)
        for (index, pair) in zip(found, expected).enumerated() {
            #expect(abs(pair.0 - pair.1) <= 2e-6, "at \(index)", sourceLocation: sourceLocation)
        }
    }

    /// tests/test-sampling.cpp: 1 leaves 0.571429 and 0.428571, 3 and 0 leave all.
    @Test func topNSigmaKeepsWhatIsWithinDeviationsOfTheLargest() throws {
        let some = [0.1, 0.2, 0.3, 0.4]
        expectEqual(
            try distribution(some) { $0.topNSigma = 1 }, [0, 0, 0.428571, 0.571429])
        for n in [0, 3] as [Float] {
            expectEqual(try distribution(some) { $0.topNSigma = n }, [0.1, 0.2, 0.3, 0.4])
        }
        // The temperature does not move the edge.
        let hot = try distribution(some) { ($0.topNSigma, $0.temperature) = (1, 2) }
        #expect(hot.map { $0 > 0 } == [false, false, true, true])
    }

    @Test func topNSigmaCountsOnlyTokensThatMayBeChosen() throws {
        // Of 0.3 and 0.4 alone the deviation is 0.14384, half their distance.
        let found = try distribution([0.1, 0.2, 0.3, 0.4]) {
            ($0.topNSigma, $0.allowedTokens) = (1.9, [2, 3])
        }
        expectEqual(found, [0, 0, 0, 1])
    }

    /// tests/test-sampling.cpp, thresholds 0.09, 0.19, 0.29, 0.39 with certainty.
    @Test(
        arguments: [
            (0.09, [0, 0, 0, 1]), (0.19, [0, 0, 0.666667, 0.333333]),
            (0.29, [0, 0.5, 0.333333, 0.166667]), (0.39, [0.4, 0.3, 0.2, 0.1]),
            (0.51, [0.4, 0.3, 0.2, 0.1]),
        ] as [(Float, [Float])])
    func xtcLeavesOutTheTopButItsLeast(threshold: Float, expected: [Float]) throws {
        let found = try distribution([0.4, 0.3, 0.2, 0.1]) {
            ($0.xtcProbability, $0.xtcThreshold) = (1, threshold)
        }
        expectEqual(found, expected)
    }

    @Test func xtcIsDrawnForEachToken() throws {
        var parameters = SamplingParameters()
        (parameters.xtcProbability, parameters.xtcThreshold, parameters.seed) = (0.25, 0.3, 7)
        var sampler = Sampler(parameters, seed: 0)
        let logits = [0.6, 0.4].map { Float(log($0)) }
        let workspace = SamplingWorkspace()
        var seconds = 0
        for _ in 0..<20_000 {
            seconds += Int(
                try logits.withUnsafeBufferPointer { try sampler.choose(from: $0, with: workspace) }
            )
        }
        // 0.25 + 0.75 · 0.4; five standard deviations.
        #expect(abs(seconds - 11_000) < 355)
    }

    /// H = 0.500402, of ln 2: 0.721928. T = 0.5 + 0.721928 = 1.221928; with the exponent 2, 1.021180.
    @Test func theTemperatureRisesWithTheEntropy() throws {
        let found = try distribution([0.8, 0.2]) { $0.temperatureRange = 0.5 }
        expectEqual(found, [0.756671, 0.243329])
        let squared = try distribution([0.8, 0.2]) {
            ($0.temperatureRange, $0.temperatureExponent) = (0.5, 2)
        }
        expectEqual(squared, [0.795360, 0.204640])
        // Of equals the entropy is the largest there is.
        let flat = try distribution([0.4, 0.4, 0.2]) {
            ($0.temperatureRange, $0.temperature, $0.topK) = (1, 0.5, 2)
        }
        expectEqual(flat, [0.5, 0.5, 0])
    }

    @Test func aDynamicTemperatureMayFallToTheLikeliest() throws {
        let found = try distribution([0.9999999, 1e-38, 1e-38]) {
            ($0.temperatureRange, $0.temperature, $0.temperatureExponent) = (1, 0.5, 100)
        }
        expectEqual(found, [1, 0, 0])
    }

    @Test func filtersLeaveTheFewestThatAreWanted() throws {
        let some = [0.1, 0.4, 0.2, 0.3]
        expectEqual(
            try distribution(some) { ($0.topP, $0.minKeep) = (0.1, 3) }, [0, 4 / 9, 2 / 9, 3 / 9])
        expectEqual(
            try distribution(some) { ($0.minP, $0.minKeep) = (0.9, 2) }, [0, 4 / 7, 0, 3 / 7])
        // Surprises of 0.2 and 0.6 are the nearest to the entropy: see `SamplerTests`.
        expectEqual(
            try distribution([0.6, 0.2, 0.1, 0.1]) { ($0.typicalP, $0.minKeep) = (0.1, 2) },
            [0.75, 0.25, 0, 0])
        expectEqual(
            try distribution(some) {
                ($0.xtcProbability, $0.xtcThreshold, $0.minKeep) = (1, 0.15, 3)
            }, [0.1, 0.4, 0.2, 0.3])
        expectEqual(
            try distribution(some) {
                ($0.xtcProbability, $0.xtcThreshold, $0.minKeep) = (1, 0.15, 2)
            }, [1 / 3, 0, 2 / 3, 0])
        expectEqual(
            try distribution(some) { ($0.topP, $0.minKeep) = (0.1, 9) }, [0.1, 0.4, 0.2, 0.3])
    }

    /// The plain version: µ moves by the surprise among the tokens left.
    @Test func mirostatHoldsTheSurpriseNearItsTarget() throws {
        var parameters = SamplingParameters()
        (parameters.mirostat, parameters.mirostatTau, parameters.mirostatEta) = (2, 1.5, 0.5)
        parameters.topK = 1  // Of no account beside mirostat.
        let probabilities = [0.02, 0.3, 0.05, 0.2, 0.03, 0.4]
        let logits = probabilities.map { Float(log($0)) }
        var sampler = Sampler(parameters, seed: 5)
        let workspace = SamplingWorkspace()
        var limit = 3.0
        var surprise = 0.0
        for _ in 0..<200 {
            let kept = probabilities.map { -log2($0) <= limit || $0 == 0.4 ? $0 : 0 }
            let sum = kept.reduce(0, +)
            expectEqual(try sampler.distribution(logits), kept.map { Float($0 / sum) })
            let token = try logits.withUnsafeBufferPointer {
                try sampler.choose(from: $0, with: workspace)
            }
            let bits = -log2(kept[Int(token)] / sum)
            limit -= 0.5 * (bits - 1.5)
            surprise += bits / 200
        }
        #expect(abs(surprise - 1.5) < 0.1)
    }

    @Test func extremeFiltersLeaveADistribution() throws {
        let logits: [Float] = [3e38, 0, -3e38, 1e-30, -.infinity]
        for range in [1e-6, 1, 3e38] as [Float] {
            var parameters = SamplingParameters()
            (parameters.temperatureRange, parameters.topNSigma) = (range, 3e38)
            (parameters.xtcProbability, parameters.xtcThreshold) = (1, 0)
            parameters.minKeep = .max
            for mirostat in [0, 2] {
                parameters.mirostat = mirostat
                let found = try Sampler(parameters, seed: 0).distribution(logits)
                #expect(abs(found.reduce(0, +) - 1) < 1e-5)
                #expect(found[4] == 0)
            }
        }
    }
}
