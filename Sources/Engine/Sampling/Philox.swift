/// A counter-based random generator, Philox4x32-10 (Salmon et al. 2011, "Parallel Random Numbers: As
/// Easy as 1, 2, 3").
///
/// The n-th draw is a function of the seed and n alone, so a request's draws do not depend on what
/// shares its batch, and a stream that is resumed needs no more than the two numbers.
package struct Philox: Sendable, Equatable {
    package let seed: UInt64
    /// How many numbers have been drawn.
    package private(set) var draws: UInt64 = 0

    package init(seed: UInt64) {
        self.seed = seed
    }

    /// A number in [0, 1) with 53 random bits: words 0 and 1 of the block numbered by the draw.
    package mutating func nextUniform() -> Double {
        let counter = SIMD4(UInt32(truncatingIfNeeded: draws), UInt32(draws >> 32), 0, 0)
        let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
        draws += 1
        let words = Self.block(counter, key: key)
        let bits = UInt64(words[1]) << 32 | UInt64(words[0])
        return Double(bits >> 11) * 0x1p-53
    }

    /// Ten rounds of multiplication and exchange; the key moves on by a Weyl sequence.
    package static func block(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (x, key) = (counter, key)
        for _ in 0..<10 {
            let left = UInt64(x[0]) * 0xD251_1F53
            let right = UInt64(x[2]) * 0xCD9E_8D57
            x = SIMD4(
                UInt32(right >> 32) ^ x[1] ^ key[0], UInt32(truncatingIfNeeded: right),
                UInt32(left >> 32) ^ x[3] ^ key[1], UInt32(truncatingIfNeeded: left))
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return x
    }
}
