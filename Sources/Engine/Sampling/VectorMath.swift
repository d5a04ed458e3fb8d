/// Loops over whole rows of logits, eight floats at a time.
enum VectorMath {
    typealias Lanes = SIMD8<Float>
    static let width = Lanes.scalarCount
    /// Blocks that are summed in single precision before they join a sum in double precision.
    private static let strip = 16

    /// The largest value; nil when one is NaN or infinity.
    static func maximum(_ x: UnsafeBufferPointer<Float>) -> Float? {
        var largest = Lanes(repeating: -.infinity)
        // x - x is 0 for numbers and NaN for the others; minus infinity, which is allowed, is
        // raised first.
        var errors = Lanes.zero
        let lowest = Lanes(repeating: -.greatestFiniteMagnitude)
        let blocks = x.count / width
        for block in 0..<blocks {
            let lanes = load(x, block * width)
            largest.replace(with: lanes, where: lanes .> largest)
            let raised = lanes.replacing(with: lowest, where: lanes .< lowest)
            errors += raised - raised
        }
        var value = largest.max()
        var error = errors.sum()
        for index in (blocks * width)..<x.count {
            let logit = x[index]
            value = max(value, logit)
            error += max(logit, lowest[0]) - max(logit, lowest[0])
        }
        return error == 0 ? value : nil
    }

    /// `weights[i] = exp(-distances[i])` for distances of 0 or more.
    ///
    /// - Returns: the sum of the weights.
    static func negativeExponentials(
        of distances: UnsafeBufferPointer<Float>, into weights: UnsafeMutableBufferPointer<Float>
    ) -> Double {
        guard let target = weights.baseAddress else { return 0 }
        var total = 0.0
        let blocks = distances.count / width
        for start in stride(from: 0, to: blocks, by: strip) {
            var sum = Lanes.zero
            for block in start..<min(start + strip, blocks) {
                let lanes = exponential(-load(distances, block * width))
                UnsafeMutableRawPointer(target + block * width)
                    .storeBytes(of: lanes, as: Lanes.self)
                sum += lanes
            }
            total += Double(sum.sum())
        }
        for index in (blocks * width)..<distances.count {
            weights[index] = exponential(Lanes(repeating: -distances[index]))[0]
            total += Double(weights[index])
        }
        return total
    }

    /// The sum, in double precision but for short stretches.
    static func sum(_ x: UnsafeBufferPointer<Float>) -> Double {
        var total = 0.0
        let blocks = x.count / width
        for start in stride(from: 0, to: blocks, by: strip) {
            var sum = Lanes.zero
            for block in start..<min(start + strip, blocks) { sum += load(x, block * width) }
            total += Double(sum.sum())
        }
        return ((blocks * width)..<x.count).reduce(total) { $0 + Double(x[$1]) }
    }

    /// The standard deviation of the values above minus infinity.
    ///
    ///     σ = √(Σ (x - mean)² / count)
    static func deviation(_ x: UnsafeBufferPointer<Float>) -> Float {
        var (count, sum) = (0, 0.0)
        for value in x where value > -.infinity {
            count += 1
            sum += Double(value)
        }
        guard count > 0 else { return 0 }
        let mean = sum / Double(count)
        var squares = 0.0
        for value in x where value > -.infinity {
            squares += (Double(value) - mean) * (Double(value) - mean)
        }
        return Float((squares / Double(count)).squareRoot())
    }

    /// The sum of `exp(x[i] - largest)`, where `largest` is the largest of `x`.
    static func sumOfExponentials(_ x: UnsafeBufferPointer<Float>, largest: Float) -> Double {
        var total = 0.0
        let blocks = x.count / width
        for start in stride(from: 0, to: blocks, by: strip) {
            var sum = Lanes.zero
            for block in start..<min(start + strip, blocks) {
                sum += exponential(load(x, block * width) - largest)
            }
            total += Double(sum.sum())
        }
        return ((blocks * width)..<x.count).reduce(total) {
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
