#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Float {
    /// 1 / (1 + e⁻ˣ)
    package var sigmoid: Float { 1 / (1 + exp(-self)) }
}

extension [Float] {
    /// eˣ / Σ eˣ
    package var softmax: [Float] {
        let largest = self.max() ?? 0
        let powers = map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    /// a·b / (|a| |b|), of vectors of the same length; 0 if one of them is zero.
    package func cosine(with other: [Float]) -> Float {
        var (product, left, right) = (Float(0), Float(0), Float(0))
        for (a, b) in zip(self, other) {
            product += a * b
            left += a * a
            right += b * b
        }
        return left > 0 && right > 0 ? product / (left * right).squareRoot() : 0
    }
}
