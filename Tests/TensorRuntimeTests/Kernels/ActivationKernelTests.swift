import CKernels
import Glibc
import Testing

/// An activation function beside its equation in double precision.
private struct Function: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let kernel: rk_activation
    let plain: @Sendable (Double) -> Double

    static let all = [
        Function(testDescription: "identity", kernel: RK_IDENTITY) { $0 },
        Function(testDescription: "gelu", kernel: RK_GELU) { $0 / 2 * erfc(-$0 / 2.squareRoot()) },
        Function(testDescription: "geluTanh", kernel: RK_GELU_TANH) { x in
            x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        },
        Function(testDescription: "silu", kernel: RK_SILU) { $0 / (1 + exp(-$0)) },
        Function(testDescription: "sigmoid", kernel: RK_SIGMOID) { 1 / (1 + exp(-$0)) },
        Function(testDescription: "tanh", kernel: RK_TANH) { tanh($0) },
        Function(testDescription: "relu", kernel: RK_RELU) { max($0, 0) },
        Function(testDescription: "quickGelu", kernel: RK_QUICK_GELU) {
            $0 / (1 + exp(-1.702 * $0))
        },
    ]
}

@Suite struct ActivationKernelTests {
    @Test(arguments: Tier.all, Function.all)
    private func anActivationIsItsEquationOfTheBiasedNumber(_ tier: Tier, _ function: Function) {
        for count in RowKernelTests.counts {
            var noise = Noise(UInt64(count))
            let (x, bias) = (noise.floats(count).map { $0 * 3 }, noise.floats(count))
            var out = [Float](repeating: 0, count: count)
            tier.kernels.activate_f32(&out, x, count, function.kernel)
            #expect(distance(out, x.map { Float(function.plain(Double($0))) }) < 2e-6)

            let stride = count + 3  // what lies between the rows must stay as it was
            var rows = [Float](repeating: -7, count: 2 * stride)
            for row in [0, stride] { rows.replaceSubrange(row..<row + count, with: x) }
            tier.kernels.finish_f32(&rows, 2, stride, bias, count, function.kernel)
            let biased = zip(x, bias).map { Float(function.plain(Double($0 + $1))) }
            for row in [0, stride] {
                #expect(distance(Array(rows[row..<row + count]), biased) < 2e-6)
                #expect(rows[row + count..<row + stride] == [-7, -7, -7])
            }
        }
    }

    @Test(arguments: Tier.all, Function.all)
    private func aGateMultipliesTheOtherHalf(_ tier: Tier, _ function: Function) {
        for count in RowKernelTests.counts {
            var noise = Noise(UInt64(count))
            let (gate, up) = (noise.floats(count).map { $0 * 3 }, noise.floats(count))
            var out = gate
            tier.kernels.gate_f32(&out, out, up, count, function.kernel)
            let plain = zip(gate, up).map { Float(function.plain(Double($0)) * Double($1)) }
            #expect(distance(out, plain) < 1e-5)
        }
    }

    /// The whole range, where a rational approximation would show its worst.
    @Test(arguments: Tier.all)
    func geluIsNowhereFurtherOffThanItsOwnRounding(_ tier: Tier) {
        let x = (-80_000...80_000).map { Float($0) / 10_000 }
        var out = x
        tier.kernels.activate_f32(&out, out, x.count, RK_GELU)
        for (x, y) in zip(x, out) {
            let plain = Double(x) / 2 * erfc(-Double(x) / 2.squareRoot())
            #expect(abs(Double(y) - plain) <= 2.5e-7 * max(1, abs(Double(x))), "\(x)")
        }
    }

    @Test(arguments: Tier.all)
    func theLimitsAreExact(_ tier: Tier) {
        let x: [Float] = [-1e30, -200, -88, 0, 88, 200, 1e30, .nan]
        for kernel in [RK_GELU, RK_GELU_TANH, RK_SILU, RK_RELU] {
            var out = x
            tier.kernels.activate_f32(&out, out, x.count, kernel)
            #expect(out[0...2].allSatisfy { abs($0) < 1e-6 })
            #expect(distance(Array(out[3...5]), [0, 88, 200]) < 5e-5)
            #expect(abs(out[6] / 1e30 - 1) < 1e-6)
            #expect(out[7].isNaN)
        }
        for (kernel, low) in [(RK_TANH, Float(-1)), (RK_SIGMOID, 0)] {
            var out = x
            tier.kernels.activate_f32(&out, out, x.count, kernel)
            #expect(distance(Array(out[0...2]), [low, low, low]) < 1e-6)
            #expect(distance(Array(out[4...6]), [1, 1, 1]) < 1e-6)
            #expect(out[7].isNaN)
        }
    }
}
