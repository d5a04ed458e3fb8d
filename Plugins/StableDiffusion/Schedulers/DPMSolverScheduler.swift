import Glibc
import PluginCommon

/// DPM-Solver++ as a multistep method, Lu et al. 2022 (arXiv:2211.01095), algorithm 2, of first to third
/// order; or its stochastic form, the same, appendix D.
struct DPMSolverScheduler: Scheduler {
    let timesteps: [Float]
    private let levels: [NoiseLevel]  // one more than timesteps
    private let prediction: Prediction
    private let order: Int
    private let isStochastic: Bool
    private let isHeun: Bool
    private let endsLower: Bool
    private let endsWithEuler: Bool
    /// Predicted images, latest first.
    private var originals: [[Float]] = []

    init(_ c: SchedulerConfiguration, steps: Int) throws {
        let schedule = try NoiseSchedule(c).withSomeSignal
        let sigmas = SigmaSteps(multistep: c, steps, schedule)
        timesteps = sigmas.timesteps
        levels = sigmas.sigmas.map(NoiseLevel.init(sigma:))
        prediction = c.prediction
        order = c.solverOrder ?? 2
        isStochastic = c.algorithmType == .stochastic
        isHeun = c.solverType == "heun"
        endsLower = c.lowerOrderFinal ?? true && steps < 15
        endsWithEuler =
            endsLower || c.eulerAtFinal ?? false || c.finalSigmasType ?? .zero == .zero
        guard order < 3 || !isStochastic else {
            throw ConfigurationError.unsupported(
                "solver_order", found: "3", expected: "1 or 2 for sde-dpmsolver++")
        }
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
        originals = [x] + originals.prefix(2)
        let (now, next) = (levels[call], levels[call + 1])
        let h = next.logRatio - now.logRatio
        let terms = terms(at: call, h)
        guard isStochastic else {
            let shrink = exp(-h) - 1
            let second = isHeun || order == 3 && terms.count == 3 ? shrink / h + 1 : -shrink / 2
            let third = (shrink + h) / (h * h) - 0.5
            return combined(
                (next.noise / now.noise, sample), (-next.signal * shrink, x),
                (terms.count > 1 ? next.signal * second : 0, terms.count > 1 ? terms[1] : x),
                (terms.count > 2 ? -next.signal * third : 0, terms.count > 2 ? terms[2] : x))
        }
        let grown = 1 - exp(-2 * h)
        let second = isHeun ? grown / (-2 * h) + 1 : grown / 2
        return combined(
            (next.noise / now.noise * exp(-h), sample), (next.signal * grown, x),
            (terms.count > 1 ? next.signal * second : 0, terms.count > 1 ? terms[1] : x),
            (next.noise * grown.squareRoot(), noise()))
    }

    /// The image and its derivatives by half the logarithm of the ratio, as far as the order goes.
    private func terms(at call: Int, _ h: Double) -> [[Float]] {
        let order = order(at: call)
        guard order > 1 else { return [originals[0]] }
        let ratios = (0..<order - 1).map { index in
            (levels[call - index].logRatio - levels[call - index - 1].logRatio) / h
        }
        let slopes = ratios.enumerated().map { index, ratio in
            combined((1 / ratio, originals[index]), (-1 / ratio, originals[index + 1]))
        }
        guard order > 2 else { return [originals[0], slopes[0]] }
        let part = ratios[0] / (ratios[0] + ratios[1])
        return [
            originals[0], combined((1 + part, slopes[0]), (-part, slopes[1])),
            combined(
                (1 / (ratios[0] + ratios[1]), slopes[0]), (-1 / (ratios[0] + ratios[1]), slopes[1])),
        ]
    }

    private func order(at call: Int) -> Int {
        let left = timesteps.count - call
        if left == 1 && endsWithEuler { return 1 }
        let most = left == 2 && endsLower ? 2 : order
        return min(most, originals.count, order)
    }
}

extension SigmaSteps {
    /// As DPM-Solver and UniPC space them.
    init(multistep c: SchedulerConfiguration, _ steps: Int, _ schedule: NoiseSchedule) {
        let all = schedule.sigmas
        let last = c.finalSigmasType == .smallest ? all[0] : 0
        if c.useKarrasSigmas ?? false {
            self.init(
                karras: steps, from: all[all.count - 1], to: all[0], all: all,
                rounded: c.betaSchedule != .squaredCosine, last: last)
        } else {
            let times = Timesteps.beforeTheLast(c.timestepSpacing ?? .linspace, steps, c)
            self.init(timesteps: times.map { Float($0) }, all: all, last: last)
        }
    }
}
