import Engine
import Testing

/// The partial selection against the plain version: sort all, cut, renormalize.
@Suite struct PartialSelectionTests {
    private static let widths = [1, 2, 255, 256, 257, 1000, 5003]

    @Test(arguments: widths) func filtersEqualASortOfEverything(width: Int) throws {
        var random = TestRandom(state: UInt64(width))
        for scale in [0.01, 1, 20] as [Float] {
            let logits = (0..<width).map { _ in Float.random(in: -scale...scale, using: &random) }
            for _ in 0..<8 {
                var parameters = SamplingParameters()
                parameters.topK =
                    Bool.random(using: &random) ? .random(in: 1...width, using: &random) : 0
                parameters.topP = .random(in: 0.01...1, using: &random)
                let found = try Sampler(parameters, seed: 0).distribution(logits)
                let expected = plain(logits, parameters)
                // Sums in another order may move the cut by one token of nearly no weight.
                let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
                #expect(difference < 2 / Float(width) * max(1, scale / 4) + 1e-5)
                let kept = (found.count { $0 > 0 }, expected.count { $0 > 0 })
                #expect(abs(kept.0 - kept.1) <= 1)
            }
        }
    }

    private func plain(_ logits: [Float], _ parameters: SamplingParameters) -> [Float] {
        var order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }
        if parameters.topK > 0 { order = Array(order.prefix(parameters.topK)) }
        let weights = order.map { exponential(Double(logits[$0]) - Double(logits[order[0]])) }
        let target = Double(parameters.topP) * weights.reduce(0, +)
        var (sum, kept) = (0.0, 0)
        while kept < order.count, sum < target || kept == 0 {
            sum += weights[kept]
            kept += 1
        }
        var probabilities = [Float](repeating: 0, count: logits.count)
        for place in 0..<kept { probabilities[order[place]] = Float(weights[place] / sum) }
        return probabilities
    }

    /// exp by squaring a short series; slow, and independent of the sampler's own.
    private func exponential(_ x: Double) -> Double {
        let small = x / 1_048_576
        var value = 1 + small + small * small / 2 + small * small * small / 6
        for _ in 0..<20 { value *= value }
        return value
    }
}
