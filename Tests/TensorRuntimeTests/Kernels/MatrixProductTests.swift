import CKernels
import TensorRuntime
import Testing

@Suite struct MatrixProductTests {
    static let shapes = [1, 3, 17, 33, 64, 257]

    @Test(arguments: Tier.all, Weight.kinds)
    func everyKernelAgreesWithThePlainProduct(_ tier: Tier, _ kind: Weight.Kind) throws {
        for depth in kind.depths {
            for rows in Self.shapes {
                let weight = try Weight(kind, rows: rows, depth: depth, seed: UInt64(rows + depth))
                for tokens in [1, 2, 3, 7, 17, 33] {
                    var noise = Noise(UInt64(tokens))
                    let x = noise.floats(tokens * depth)
                    let fast = weight.product(x, tokens: tokens, tier)
                    let plain = try weight.plainProduct(x, tokens: tokens)
                    let bound = weight.tolerance(depth)
                    #expect(
                        distance(fast, plain) < bound, "\(rows) rows, \(tokens) tokens, K \(depth)")
                }
            }
        }
    }

    @Test(arguments: Tier.all, Weight.kinds)
    func aTokensResultIsTheSameBitsInEveryBatch(_ tier: Tier, _ kind: Weight.Kind) throws {
        let (rows, depth, tokens) = (81, kind.depths.max() ?? 0, 33)
        let weight = try Weight(kind, rows: rows, depth: depth, seed: 5)
        var noise = Noise(6)
        let x = noise.floats(tokens * depth)
        let whole = weight.product(x, tokens: tokens, tier)
        for count in [1, 2, 3, 4, 5, 6, 8, 13, 16, 17] {
            for first in [0, 9, 16] {
                let part = Array(x[first * depth..<(first + count) * depth])
                let alone = weight.product(part, tokens: count, tier)
                #expect(alone == Array(whole[first * rows..<(first + count) * rows]))
            }
        }
    }

    /// Matrix registers take subnormal numbers for zeros, which no sum of normal numbers notices.
    @Test(arguments: Tier.all)
    func pairsOfExtremeNumbersAddUpAsFloatsDo(_ tier: Tier) throws {
        let (rows, depth, tokens) = (33, 37, 18)
        let weight = try Weight(.pairs, rows: rows, depth: depth, seed: 8)
        let plain = try weight.plainProduct(
            [Float](repeating: 1, count: tokens * depth), tokens: tokens)
        for (number, expected) in [
            (Float.nan, Float.nan), (.infinity, .infinity), (.leastNonzeroMagnitude, 0),
            (.leastNormalMagnitude / 8, 0),
        ] {
            var x = [Float](repeating: 1, count: tokens * depth)
            x[17 * depth + 36] = number
            let y = weight.product(x, tokens: tokens, tier)
            #expect(distance(Array(y.prefix(17 * rows)), Array(plain.prefix(17 * rows))) < 1e-4)
            let last = Array(y.suffix(rows))
            if expected == 0 {
                var without = [Float](repeating: 1, count: depth)
                without[36] = 0
                #expect(distance(last, try weight.plainProduct(without, tokens: 1)) < 1e-4)
            } else {
                #expect(last.allSatisfy { $0.isNaN || expected.isInfinite && $0.isInfinite })
            }
        }
    }

    @Test(arguments: Tier.all)
    func eightBitActivationsAreTheNearestOnesAndCarryTheirSums(_ tier: Tier) throws {
        var noise = Noise(3)
        let depth = 96
        let x = noise.floats(depth)
        let q = Quantized(x, tokens: 1, rk_rounding_for(RK_Q6_K), tier)
        for (block, scale) in q.scales.enumerated() {
            let part = block * 32..<block * 32 + 32
            let most = x[part].map(abs).max() ?? 0
            #expect(abs(scale - most / 127) <= most * 1e-6)
            for k in part { #expect(abs(Float(q.quants[k]) * scale - x[k]) <= scale * 0.5001) }
            let sum = q.quants[part].reduce(0) { $0 + Int($1) }
            #expect(abs(q.sums[block] - Float(sum) * scale) <= abs(q.sums[block]) * 1e-6)
        }
        for (sub, offset) in q.offsets.enumerated() {
            #expect(offset == -32 * q.quants[sub * 16..<sub * 16 + 16].reduce(0) { $0 + Int32($1) })
        }
    }

    @Test(arguments: Tier.all)
    func aNumberThatIsNotFiniteIsNotLostInRounding(_ tier: Tier) throws {
        let weight = try Weight(.q8_0, rows: 16, depth: 64, seed: 1)
        for bad in [Float.nan, .infinity] {
            var x = [Float](repeating: 1, count: 64)
            x[40] = bad
            #expect(weight.product(x, tokens: 1, tier).allSatisfy { !$0.isFinite })
        }
    }
}
