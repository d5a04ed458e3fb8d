import Glibc

/// Where random numbers come from.
protocol NoiseSource: Sendable {
    /// - Returns: `count` numbers of mean 0 and variance 1.
    mutating func draw(_ count: Int) -> [Float]
}

/// Normally distributed numbers as `torch.randn` draws them from a `torch.Generator("cpu")`, so that a
/// seed gives the image that diffusers draws with it.
struct NormalNoise: NoiseSource {
    private var generator: MersenneTwister
    /// The second of the last pair that was drawn one by one.
    private var kept: Float?

    init(seed: UInt64) {
        generator = MersenneTwister(seed: seed)
    }

    mutating func draw(_ count: Int) -> [Float] {
        count < 16 ? (0..<count).map { _ in single() } : block(count)
    }

    /// Uniform numbers in blocks of 16, of which the first 8 become radii and the last 8 angles, Box and
    /// Muller 1958 (doi:10.1214/aoms/1177706645). Where the last block is not full, the last 16 numbers
    /// are drawn again.
    private mutating func block(_ count: Int) -> [Float] {
        var numbers = (0..<count).map { _ in uniform() }
        for start in stride(from: 0, through: count - 16, by: 16) {
            Self.pair(&numbers, start)
        }
        if !count.isMultiple(of: 16) {
            for index in count - 16..<count { numbers[index] = uniform() }
            Self.pair(&numbers, count - 16)
        }
        return numbers
    }

    private static func pair(_ numbers: inout [Float], _ start: Int) {
        for index in start..<start + 8 {
            let radius = sqrtf(-2 * logf(1 - numbers[index]))
            let angle = 2 * Float.pi * numbers[index + 8]
            numbers[index] = radius * cosf(angle)
            numbers[index + 8] = radius * sinf(angle)
        }
    }

    /// 0 ≤ u < 1 of 24 bits.
    private mutating func uniform() -> Float {
        Float(generator.bits() & 0xff_ffff) / Float(1 << 24)
    }

    /// Fewer than 16 are drawn in pairs of double precision, the second kept for later.
    private mutating func single() -> Float {
        if let kept {
            self.kept = nil
            return kept
        }
        let (first, second) = (fine(), fine())
        let radius = sqrt(-2 * log1p(-second))
        let angle = 2 * Double.pi * first
        kept = Float(radius * sin(angle))
        return Float(radius * cos(angle))
    }

    /// 0 ≤ u < 1 of 53 bits.
    private mutating func fine() -> Double {
        let (high, low) = (UInt64(generator.bits()), UInt64(generator.bits()))
        return Double((high << 32 | low) & ((1 << 53) - 1)) / Double(UInt64(1) << 53)
    }
}
