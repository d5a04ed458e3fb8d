import Glibc

/// How much of the image is left, and how much noise there is: the factors of both.
struct NoiseLevel: Sendable {
    let signal: Double
    let noise: Double

    /// - Parameter kept: ᾱ, the image's part of the variance.
    init(kept: Double) {
        signal = kept.squareRoot()
        noise = (1 - kept).squareRoot()
    }

    /// - Parameter sigma: noise / signal.
    init(sigma: Double) {
        signal = 1 / (sigma * sigma + 1).squareRoot()
        noise = sigma * signal
    }

    /// Half the logarithm of the ratio of the variances, the λ of DPM-Solver (arXiv:2206.00927).
    var logRatio: Double { log(signal) - log(noise) }
}

/// The noise of each step of the training, Ho et al. 2020 (arXiv:2006.11239), section 2.
///
///     ᾱ[t] = Π_{s ≤ t} (1 - β[s])
///
/// In float32 where the reference is: it shows in products of a thousand factors.
struct NoiseSchedule: Sendable {
    /// ᾱ of each step of the training.
    let kept: [Float]

    var count: Int { kept.count }

    init(_ c: SchedulerConfiguration) throws {
        var betas = try Self.betas(c)
        if c.rescaleBetasZeroSnr ?? false { betas = Self.withoutSignalAtTheEnd(betas) }
        kept = Self.products(betas.map { 1 - $0 })
    }

    private init(kept: [Float]) {
        self.kept = kept
    }

    func level(_ time: Int) -> NoiseLevel { NoiseLevel(kept: Double(kept[time])) }

    /// noise / signal of each step of the training, ascending.
    var sigmas: [Double] {
        kept.map { Double(((1 - $0) / $0).squareRoot()) }
    }

    /// The same with a last step at which a little signal is left, so that no ratio is infinite.
    var withSomeSignal: NoiseSchedule {
        guard kept[count - 1] == 0 else { return self }
        return NoiseSchedule(kept: kept.dropLast() + [Float(0x1p-24)])
    }

    private static func betas(_ c: SchedulerConfiguration) throws -> [Float] {
        let (start, end, count) = (c.betaStart ?? 0.0001, c.betaEnd ?? 0.02, c.trainingSteps)
        switch c.betaSchedule ?? .linear {
        case .linear: return linear(start, end, count)
        case .scaledLinear:
            return linear(start.squareRoot(), end.squareRoot(), count).map { $0 * $0 }
        case .squaredCosine: return squaredCosine(count)
        }
    }

    /// From both ends, as torch.linspace counts.
    private static func linear(_ start: Double, _ end: Double, _ count: Int) -> [Float] {
        let (start, end) = (Float(start), Float(end))
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { index in
            index < count / 2 ? start + step * Float(index) : end - step * Float(count - 1 - index)
        }
    }

    /// Nichol and Dhariwal 2021 (arXiv:2102.09672), equation 17.
    private static func squaredCosine(_ count: Int) -> [Float] {
        func kept(_ time: Double) -> Double {
            let cosine = cos((time + 0.008) / 1.008 * .pi / 2)
            return cosine * cosine
        }
        return (0..<count).map { index in
            let (now, next) = (Double(index) / Double(count), Double(index + 1) / Double(count))
            return Float(min(1 - kept(next) / kept(now), 0.999))
        }
    }

    /// Lin et al. 2023 (arXiv:2305.08891), algorithm 1.
    private static func withoutSignalAtTheEnd(_ betas: [Float]) -> [Float] {
        let signals = products(betas.map { 1 - $0 }).map { $0.squareRoot() }
        let (first, last) = (signals[0], signals[signals.count - 1])
        let kept = signals.map { signal in
            let scaled = (signal - last) * (first / (first - last))
            return scaled * scaled
        }
        return kept.indices.map { 1 - (($0 == 0) ? kept[0] : kept[$0] / kept[$0 - 1]) }
    }

    private static func products(_ factors: [Float]) -> [Float] {
        var product = 1.0
        return factors.map { factor in
            product *= Double(factor)
            return Float(product)
        }
    }
}
