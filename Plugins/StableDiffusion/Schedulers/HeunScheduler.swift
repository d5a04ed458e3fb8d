/// Heun's method on the ordinary differential equation of Karras et al. 2022 (arXiv:2206.00364),
/// algorithm 1: a step is tried, and made again with the mean of both slopes. The last is Euler's.
struct HeunScheduler: SigmaScheduler {
    let steps: SigmaSteps
    let prediction: Prediction
    let spacing: SchedulerConfiguration.Spacing
    let callsPerStep = 2
    /// What the trial began with.
    private var trial: (sample: [Float], slope: [Float])?

    init(_ c: SchedulerConfiguration, steps count: Int) throws {
        spacing = c.timestepSpacing ?? .linspace
        prediction = c.prediction
        let once = SigmaSteps(c, count, spacing, try NoiseSchedule(c))
        steps = once.twice
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let x = original(output, sample, at: call)
        let sigma = steps.sigmas[call]
        let slope = combined((1 / sigma, sample), (-1 / sigma, x))
        guard let begun = trial else {
            trial = call + 1 < timesteps.count ? (sample, slope) : nil
            return combined((1, sample), (steps.sigmas[call + 1] - sigma, slope))
        }
        trial = nil
        let half = (sigma - steps.sigmas[call - 1]) / 2
        return combined((1, begun.sample), (half, begun.slope), (half, slope))
    }
}

extension SigmaSteps {
    /// Every step but the first visited twice.
    fileprivate var twice: SigmaSteps {
        let places = [0] + (1..<max(1, timesteps.count)).flatMap { [$0, $0] }
        return SigmaSteps(
            timesteps: places.map { timesteps[$0] },
            given: places.map { sigmas[$0] } + [sigmas[sigmas.count - 1]])
    }
}
