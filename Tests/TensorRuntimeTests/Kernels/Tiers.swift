import CKernels
import Testing

/// An instruction set whose kernels this machine can run.
struct Tier: CustomTestStringConvertible, Sendable {
    let name: String
    let kernels: rk_kernels

    static let all: [Tier] = (0..<RK_TIER_COUNT.rawValue).compactMap { raw in
        let tier = rk_tier(rawValue: raw)
        guard let kernels = rk_kernels_of(tier), let name = rk_tier_name(tier) else { return nil }
        return Tier(name: String(cString: name), kernels: kernels.pointee)
    }

    var testDescription: String { name }
}

/// Reproducible numbers (splitmix64), near normal with unit variance.
struct Noise: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func floats(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            (0..<6).reduce(-3) { sum, _ in sum + Float.random(in: 0..<1, using: &self) } * 1.41
        }
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }
}

/// The largest distance between two arrays of equal length, infinite if one holds a NaN.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { most, pair in
        let d = abs(pair.0 - pair.1)
        return d.isNaN ? .infinity : max(most, d)
    }
}
