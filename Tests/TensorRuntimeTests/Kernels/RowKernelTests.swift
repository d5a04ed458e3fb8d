import CKernels
import Glibc
import Testing

func exponential(_ x: Double) -> Double { exp(x) }

@Suite struct RowKernelTests {
    static let counts = [1, 3, 16, 17, 33, 257]

    @Test(arguments: Tier.all)
    func aNormDividesByTheRootOfTheMeanSquare(_ tier: Tier) {
        for count in Self.counts {
            var noise = Noise(UInt64(count))
            let (x, weight) = (noise.floats(count), noise.floats(count))
            var out = [Float](repeating: 0, count: count)
            tier.kernels.rms_norm_f32(&out, x, weight, count, 1e-5)
            let mean = x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
            let scale = 1 / (mean + 1e-5).squareRoot()
            let plain = zip(x, weight).map { Float(Double($0) * scale * Double($1)) }
            #expect(distance(out, plain) < 4e-6, "\(count)")
        }
    }

    @Test(arguments: Tier.all)
    func softmaxIsShiftedByTheLargest(_ tier: Tier) {
        for count in Self.counts {
            var noise = Noise(UInt64(count))
            let x = noise.floats(count).map { $0 * 20 + 1000 }
            var out = x
            tier.kernels.softmax_f32(&out, out, count)
            let plain = AttentionKernelTests.softmax(x.map(Double.init)).map { Float($0) }
            #expect(distance(out, plain) < 1e-6, "\(count)")
        }
    }

    @Test(arguments: Tier.all)
    func aPairIsTurnedByItsAngle(_ tier: Tier) {
        for half in [1, 3, 5, 16, 32, 40] {
            let (heads, stride) = (3, 2 * half + 2)
            var noise = Noise(UInt64(half))
            let x = noise.floats(heads * stride)
            let angles = noise.floats(half)
            let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
            var turned = x
            tier.kernels.rotary_f32(&turned, heads, stride, half, cosines, sines)
            var plain = x
            for head in 0..<heads {
                for i in 0..<half {
                    let (a, b) = (head * stride + i, head * stride + half + i)
                    plain[a] = x[a] * cosines[i] - x[b] * sines[i]
                    plain[b] = x[b] * cosines[i] + x[a] * sines[i]
                }
            }
            #expect(distance(turned, plain) < 1e-6, "\(half)")
        }
    }

    @Test(arguments: Tier.all)
    func elementwiseKernelsAgreeWithTheirEquations(_ tier: Tier) {
        for count in Self.counts {
            var noise = Noise(UInt64(count))
            let (a, b) = (noise.floats(count).map { $0 * 5 }, noise.floats(count))
            var out = [Float](repeating: 0, count: count)
            tier.kernels.add_f32(&out, a, b, count)
            #expect(out == zip(a, b).map { $0 + $1 })
            tier.kernels.multiply_f32(&out, a, b, count)
            #expect(out == zip(a, b).map { $0 * $1 })
        }
    }

    @Test(arguments: Tier.all)
    func halfPrecisionRoundsToTheNearestBothWays(_ tier: Tier) {
        let all = (0...UInt16.max).filter { !Float16(bitPattern: $0).isNaN }
        var wide = [Float](repeating: 0, count: all.count)
        tier.kernels.widen_f16(&wide, all, all.count)
        #expect(wide == all.map { Float(Float16(bitPattern: $0)) })

        var noise = Noise(4)
        let numbers =
            noise.floats(1001) + noise.floats(1001).map { $0 * 1e-5 } + [65519, 65520, 1e9, -1e9]
            + [0x1p-25, 0x1.8p-24, 0x1.001p-14, .infinity]
        var narrow = [UInt16](repeating: 0, count: numbers.count)
        tier.kernels.narrow_f16(&narrow, numbers, numbers.count)
        #expect(narrow == numbers.map { Float16($0).bitPattern })
    }

    @Test(arguments: Tier.all)
    func bfloatRoundsToTheNearestBothWays(_ tier: Tier) {
        let x: [Float] = [1, -2.5, 0x1.01p0, 0x1.03p0, 0x1.0101p0, .infinity, 3e38]
        var narrow = [UInt16](repeating: 0, count: x.count)
        tier.kernels.narrow_bf16(&narrow, x, x.count)
        var wide = x
        tier.kernels.widen_bf16(&wide, narrow, x.count)
        #expect(wide == [1, -2.5, 1, 0x1.04p0, 0x1.02p0, .infinity, 0x1.c4p127])
    }
}
