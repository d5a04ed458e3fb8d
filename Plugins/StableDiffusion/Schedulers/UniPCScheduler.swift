import Glibc
import PluginCommon

/// UniPC of second order, Zhao et al. 2023 (arXiv:2302.04867), algorithms 7 and 8 with data prediction
/// and B₂(h) = eʰ - 1: each network output first corrects the step that led to it.
struct UniPCScheduler: Scheduler {
    let timesteps: [Float]
    private let levels: [NoiseLevel]  // one more than timesteps
    private let prediction: Prediction
    private let order: Int
    private let endsLower: Bool
    private let isB1: Bool
    /// Predicted images, latest first.
    private var originals: [[Float]] = []
    private var last: (sample: [Float], order: Int)?

    init(_ c: SchedulerConfiguration, steps: Int) throws {
        guard c.solverOrder ?? 2 < 3 else {
            throw ConfigurationError.unsupported(
                "solver_order", found: "3", expected: "1 or 2 for UniPC")
        }
        let schedule = try NoiseSchedule(c).withSomeSignal
        let sigmas = SigmaSteps(multistep: c, steps, schedule)
        timesteps = sigmas.timesteps
        levels = sigmas.sigmas.map(NoiseLevel.init(sigma:))
        prediction = c.prediction
        order = c.solverOrder ?? 2
        endsLower = c.lowerOrderFinal ?? true
        isB1 = c.solverType == "bh1"
    }

    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float] {
        prediction.original(output, sample, levels[call])
    }

    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float] {
        combined((levels[call].signal, original), (levels[call].noise, noise))
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let x = original(output, sample, at: call)
        let sample = last.map { corrected($0.sample, $0.order, x, at: call) } ?? sample
        originals = [x] + originals.prefix(1)
        let order = min(
            endsLower ? min(self.order, timesteps.count - call) : self.order, originals.count)
        last = (sample, order)
        return predicted(sample, order, at: call)
    }

    /// Where the step from `call` leads.
    private func predicted(_ sample: [Float], _ order: Int, at call: Int) -> [Float] {
        let span = Span(levels[call], levels[call + 1], isB1: isB1)
        let base = span.base(sample, originals[0])
        guard order > 1 else { return base }
        let ratio = span.ratio(to: levels[call - 1])
        return combined(
            (1, base), (-span.weight * 0.5 / ratio, originals[1]),
            (span.weight * 0.5 / ratio, originals[0]))
    }

    /// The sample of `call`, now that its image `x` is known.
    private func corrected(
        _ sample: [Float], _ order: Int, _ x: [Float], at call: Int
    ) -> [Float] {
        let span = Span(levels[call - 1], levels[call], isB1: isB1)
        let base = span.base(sample, originals[0])
        guard order > 1 else {
            return combined((1, base), (-span.weight / 2, x), (span.weight / 2, originals[0]))
        }
        // ρ of the earlier image and of this one: [[1, 1], [r, 1]] ρ = b.
        let ratio = span.ratio(to: levels[call - 2])
        let (b1, b2) = span.moments
        let earlier = (b1 - b2) / (1 - ratio)
        let latest = b1 - earlier
        return combined(
            (1, base), (-span.weight * earlier / ratio, originals[1]),
            (span.weight * (earlier / ratio + latest), originals[0]),
            (-span.weight * latest, x))
    }

    /// One step between two levels.
    private struct Span {
        let from: NoiseLevel
        let to: NoiseLevel
        /// Minus the difference of half the logarithms of the ratios.
        let h: Double
        let growth: Double
        let isB1: Bool

        init(_ from: NoiseLevel, _ to: NoiseLevel, isB1: Bool) {
            self.from = from
            self.to = to
            self.isB1 = isB1
            h = from.logRatio - to.logRatio
            growth = expm1(h)
        }

        private var b: Double { isB1 ? h : growth }

        var weight: Double { to.signal * b }

        func base(_ sample: [Float], _ original: [Float]) -> [Float] {
            combined((to.noise / from.noise, sample), (-to.signal * growth, original))
        }

        func ratio(to earlier: NoiseLevel) -> Double {
            (earlier.logRatio - from.logRatio) / -h
        }

        var moments: (Double, Double) {
            let first = growth / h - 1
            return (first / b, 2 * (first / h - 0.5) / b)
        }
    }
}
