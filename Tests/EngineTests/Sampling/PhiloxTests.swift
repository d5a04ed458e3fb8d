import Engine
import Testing

@Suite struct PhiloxTests {
    /// The known answers that the authors publish with their library (Random123, kat_vectors).
    @Test func blocksEqualTheAuthorsKnownAnswers() {
        let zeros = Philox.block(.zero, key: .zero)
        #expect(zeros == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        let ones = Philox.block(SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        #expect(ones == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
        let digitsOfPi = Philox.block(
            SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
            key: SIMD2(0xA409_3822, 0x299F_31D0))
        #expect(digitsOfPi == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
    }

    @Test func drawsAreUniformAndRepeatable() {
        var random = Philox(seed: 7)
        var again = random
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 {
            let draw = random.nextUniform()
            #expect(draw == again.nextUniform())
            tenths[Int(draw * 10)] += 1
        }
        // Five standard deviations of a binomial count: sqrt(100000 · 0.1 · 0.9) = 95.
        #expect(tenths.allSatisfy { abs($0 - 10_000) < 475 })
        #expect(random.draws == 100_000)
    }

    @Test func otherSeedsGiveOtherDraws() {
        var draws = (0..<1000).map { Philox(seed: UInt64($0)) }
        #expect(Set(draws.indices.map { draws[$0].nextUniform() }).count == 1000)
    }
}
