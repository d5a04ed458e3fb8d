import CKernels
import Testing

@Suite struct NormKernelTests {
    private static func plain(
        _ y: [Double], _ weight: [Float], _ bias: [Float]?, epsilon: Double
    ) -> [Float] {
        let mean = y.reduce(0, +) / Double(y.count)
        let variance = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(y.count)
        let scale = 1 / (variance + epsilon).squareRoot()
        return y.indices.map { i in
            Float((y[i] - mean) * scale * Double(weight[i]) + Double(bias?[i] ?? 0))
        }
    }

    @Test(arguments: Tier.all, RowKernelTests.counts)
    func layerNormIsTheEquationOfTheSum(_ tier: Tier, _ count: Int) {
        var noise = Noise(UInt64(count))
        let x = noise.floats(count).map { $0 + 3 }
        let (residual, weight, bias) = (
            noise.floats(count), noise.floats(count), noise.floats(count)
        )
        let sum = zip(x, residual).map { Double($0) + Double($1) }
        var out = [Float](repeating: 0, count: count)
        tier.kernels.layer_norm_f32(&out, x, residual, weight, bias, count, 1e-3)
        #expect(distance(out, Self.plain(sum, weight, bias, epsilon: 1e-3)) < 2e-5)

        tier.kernels.layer_norm_f32(&out, x, nil, weight, nil, count, 1e-3)
        #expect(distance(out, Self.plain(x.map(Double.init), weight, nil, epsilon: 1e-3)) < 2e-5)

        var inPlace = residual
        tier.kernels.layer_norm_f32(&inPlace, x, inPlace, weight, bias, count, 1e-3)
        #expect(distance(inPlace, Self.plain(sum, weight, bias, epsilon: 1e-3)) < 2e-5)
    }

    @Test(arguments: Tier.all)
    func aLargeMeanDoesNotDrownTheVariance(_ tier: Tier) {
        let x = (0..<64).map { 10_000 + Float($0 % 2) }
        var out = x
        let ones = [Float](repeating: 1, count: x.count)
        tier.kernels.layer_norm_f32(&out, out, nil, ones, nil, x.count, 0)
        #expect(distance(out, x.map { $0 == 10_000 ? -1 : 1 }) < 1e-5)
    }

    @Test(arguments: Tier.all, RowKernelTests.counts)
    func aNormalizedRowHasLengthOne(_ tier: Tier, _ count: Int) {
        var noise = Noise(UInt64(count))
        let x = noise.floats(count)
        let length = x.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        var out = x
        tier.kernels.normalize_f32(&out, out, count, 1e-12)
        #expect(distance(out, x.map { Float(Double($0) / length) }) < 1e-6)

        out = Array(repeating: 0, count: count)
        tier.kernels.normalize_f32(&out, out, count, 1e-12)
        #expect(out.allSatisfy { $0 == 0 })
    }

    @Test(arguments: Tier.all, RowKernelTests.counts)
    func rowsArePooledByTheirMeanAndTheirLargest(_ tier: Tier, _ count: Int) {
        for rows in [0, 1, 2, 7] {
            var noise = Noise(UInt64(count + rows))
            let x = noise.floats(rows * count)
            let column = { (i: Int) in (0..<rows).map { x[$0 * count + i] } }
            var out = [Float](repeating: -7, count: count)
            tier.kernels.mean_rows_f32(&out, x, rows, count)
            let means = (0..<count).map { column($0).reduce(0, +) / Float(max(rows, 1)) }
            #expect(distance(out, means) < 1e-6)
            tier.kernels.max_rows_f32(&out, x, rows, count)
            #expect(out == (0..<count).map { column($0).max() ?? 0 })
        }
    }
}
