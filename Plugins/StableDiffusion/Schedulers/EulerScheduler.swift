/// Euler's method on the ordinary differential equation of Karras et al. 2022 (arXiv:2206.00364),
/// algorithm 2 without churn; or, ancestral, with fresh noise after a step that goes further.
struct EulerScheduler: SigmaScheduler {
    let steps: SigmaSteps
    let prediction: Prediction
    let spacing: SchedulerConfiguration.Spacing
    private let isAncestral: Bool

    init(_ c: SchedulerConfiguration, steps count: Int, isAncestral: Bool) throws {
        let schedule = try NoiseSchedule(c).withSomeSignal
        spacing = c.timestepSpacing ?? .linspace
        prediction = c.prediction
        self.isAncestral = isAncestral
        steps = SigmaSteps(
            c, count, spacing, schedule, mayBeKarras: !isAncestral,
            last: c.finalSigmasType == .smallest && !isAncestral ? schedule.sigmas[0] : 0)
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let x = original(output, sample, at: call)
        let (now, next) = (steps.sigmas[call], steps.sigmas[call + 1])
        guard isAncestral else { return combined((next / now, sample), (1 - next / now, x)) }
        let up = (next * next * (now * now - next * next) / (now * now)).squareRoot()
        let down = (next * next - up * up).squareRoot()
        return combined((down / now, sample), (1 - down / now, x), (up, noise()))
    }
}

/// What the schedulers over noise ratios share.
protocol SigmaScheduler: Scheduler {
    var steps: SigmaSteps { get }
    var prediction: Prediction { get }
    var spacing: SchedulerConfiguration.Spacing { get }
}

extension SigmaScheduler {
    var timesteps: [Float] { steps.timesteps }

    var initialScale: Double {
        let largest = steps.sigmas.max() ?? 1
        return spacing == .leading ? (largest * largest + 1).squareRoot() : largest
    }

    func input(_ sample: [Float], at call: Int) -> [Float] {
        combined((NoiseLevel(sigma: steps.sigmas[call]).signal, sample))
    }

    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float] {
        prediction.original(output, sample, sigma: steps.sigmas[call])
    }

    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float] {
        combined((1, original), (steps.sigmas[call], noise))
    }
}

extension Prediction {
    /// Of a sample whose signal has the factor 1.
    func original(_ output: [Float], _ sample: [Float], sigma: Double) -> [Float] {
        let signal = NoiseLevel(sigma: sigma).signal
        return switch self {
        case .noise: combined((1, sample), (-sigma, output))
        case .original: output
        case .velocity: combined((signal * signal, sample), (-sigma * signal, output))
        }
    }
}

extension SigmaSteps {
    init(
        _ c: SchedulerConfiguration, _ count: Int, _ spacing: SchedulerConfiguration.Spacing,
        _ schedule: NoiseSchedule, mayBeKarras: Bool = true, last: Double = 0
    ) {
        let all = schedule.sigmas
        let even = SigmaSteps(
            timesteps: Timesteps.between(spacing, count, c), all: all, last: last)
        guard mayBeKarras, c.useKarrasSigmas ?? false else {
            self = even
            return
        }
        self.init(
            karras: count, from: even.sigmas[0], to: even.sigmas[count - 1], all: all,
            rounded: false, last: last)
    }
}
