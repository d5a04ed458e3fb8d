/// Loops over whole rows of logits, eight floats at a time.
enum VectorMath {
    typealias Lanes = SIMD8<Float>
    static let width = Lanes.scalarCount

    /// The largest value, and whether all are below infinity and none is NaN.
    static func maximum(_ x: UnsafeBufferPointer<Float>) -> (value: Float, isValid: Bool) {
        var largest = Lanes(repeating: -.infinity)
        var invalid = SIMDMask<SIMD8<Int32>>(repeating: false)
        let blocks = x.count / width
        for block in 0..<blocks {
            let lanes = load(x, block * width)
            largest.replace(with: lanes, where: lanes .> largest)
            invalid = invalid .| (lanes .!= lanes)
        }
        var value = largest.max()
        var isValid = !any(invalid)
        for index in (blocks * width)..<x.count {
            value = max(value, x[index])
            isValid = isValid && !x[index].isNaN
        }
        return (value, isValid && value < .infinity)
    }

    /// `weights[i] = exp(-distances[i])` for distances of 0 or more.
    ///
    /// - Returns: the sum of the weights.
    static func negativeExponentials(
        of distances: UnsafeBufferPointer<Float>, into weights: UnsafeMutableBufferPointer<Float>
    ) -> Double {
        var sum = SIMD8<Double>.zero
        let blocks = distances.count / width
        for block in 0..<blocks {
            let lanes = exponential(-load(distances, block * width))
            UnsafeMutableRawPointer(weights.baseAddress! + block * width)
                .storeBytes(of: lanes, as: Lanes.self)
            sum += SIMD8<Double>(lanes)
        }
        var total = sum.sum()
        for index in (blocks * width)..<distances.count {
            weights[index] = exponential(Lanes(repeating: -distances[index]))[0]
            total += Double(weights[index])
        }
        return total
    }

    /// The sum of `exp(x[i] - largest)`, where `largest` is the largest of `x`.
    static func sumOfExponentials(_ x: UnsafeBufferPointer<Float>, largest: Float) -> Double {
        var sum = SIMD8<Double>.zero
        let blocks = x.count / width
        for block in 0..<blocks {
            sum += SIMD8<Double>(exponential(load(x, block * width) - largest))
        }
        return ((blocks * width)..<x.count).reduce(sum.sum()) {
            $0 + Double(exponential(Lanes(repeating: x[$1] - largest))[0])
        }
    }

    /// `exp(x)` for `x` of 0 or less, to 2 units in the last place; 0 below -87.
    ///
    ///     exp(x) = 2^n · exp(r),  n = round(x / ln 2),  r = x - n · ln 2,  |r| ≤ 0.35
    ///
    /// with exp(r) by its Taylor series to r⁷ (the rest is below 6e-9), and ln 2 in two parts so
    /// that n · ln 2 is exact in the first.
    @inline(__always)
    static func exponential(_ x: Lanes) -> Lanes {
        let clamped = x.replacing(with: -87, where: x .< -87)
        // Adding 1.5 · 2^23 leaves the rounded integer in the low bits of the sum.
        let shifter = Lanes(repeating: 0x1.8p23)
        let shifted = clamped * 1.442695041 + shifter
        let n = shifted - shifter
        let r = (clamped - n * 0.693359375) + n * 2.12194440e-4
        var series = Lanes(repeating: 1 / 5040)
        series = series * r + 1 / 720
        series = series * r + 1 / 120
        series = series * r + 1 / 24
        series = series * r + 1 / 6
        series = series * r + 0.5
        series = series * r + 1
        series = series * r + 1
        let integer = bits(shifted) &- bits(shifter)
        let scaled = series * unsafeBitCast((integer &+ 127) &<< 23, to: Lanes.self)
        return scaled.replacing(with: 0, where: x .< -87)
    }

    @inline(__always)
    private static func bits(_ x: Lanes) -> SIMD8<Int32> {
        unsafeBitCast(x, to: SIMD8<Int32>.self)
    }

    @inline(__always)
    private static func load(_ x: UnsafeBufferPointer<Float>, _ index: Int) -> Lanes {
        UnsafeRawPointer(x.baseAddress! + index).loadUnaligned(as: Lanes.self)
    }
}
