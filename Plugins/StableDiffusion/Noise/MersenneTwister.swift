/// The generator MT19937, Matsumoto and Nishimura 1998 (doi:10.1145/272991.272995).
struct MersenneTwister: Sendable {
    private static let size = 624
    private static let shift = 397

    private var state: [UInt32]
    private var next = size

    /// - Parameter seed: of which, as in torch, only the low 32 bits count.
    init(seed: UInt64) {
        state = [UInt32(truncatingIfNeeded: seed)]
        for index in 1..<Self.size {
            let last = state[index - 1]
            state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
        }
    }

    /// 32 random bits.
    mutating func bits() -> UInt32 {
        if next == Self.size { turn() }
        var y = state[next]
        next += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9d2c_5680
        y ^= (y << 15) & 0xefc6_0000
        return y ^ (y >> 18)
    }

    private mutating func turn() {
        for index in 0..<Self.size {
            let y =
                state[index] & 0x8000_0000 | state[(index + 1) % Self.size] & 0x7fff_ffff
            let mixed = (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
            state[index] = state[(index + Self.shift) % Self.size] ^ mixed
        }
        next = 0
    }
}
