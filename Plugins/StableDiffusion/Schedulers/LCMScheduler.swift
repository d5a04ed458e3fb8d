/// Multistep sampling of latent consistency models, Luo et al. 2023 (arXiv:2310.04378), algorithm 3.
struct LCMScheduler: Scheduler {
    let timesteps: [Float]
    private let schedule: NoiseSchedule
    private let prediction: Prediction
    private let clip: Double?
    private let timeScale: Double

    init(_ c: SchedulerConfiguration, steps: Int) throws {
        let all = c.originalInferenceSteps ?? 50
        guard (1...c.trainingSteps).contains(all), steps <= all else {
            throw StableDiffusionError.value(
                of: "the request", "steps", found: "\(steps)",
                expected: "at most \(all), as the scheduler lcm has them")
        }
        let stride = c.trainingSteps / all
        // Picked evenly from those of the distillation, noisiest first.
        timesteps = (0..<steps).map { Float((all - $0 * all / steps) * stride - 1) }
        schedule = try NoiseSchedule(c)
        prediction = c.prediction
        clip = c.clipSample ?? false ? c.clipSampleRange ?? 1 : nil
        timeScale = c.timestepScaling ?? 10
    }

    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float] {
        let x = prediction.original(output, sample, schedule.level(Int(timesteps[call])))
        return x.clipped(to: clip)
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let x = original(output, sample, at: call)
        let (time, data) = (Double(timesteps[call]) * timeScale, 0.5)
        let sum = time * time + data * data
        let clear = combined((time / sum.squareRoot(), x), (data * data / sum, sample))
        guard call + 1 < timesteps.count else { return clear }
        return schedule.noised(clear, noise(), time: Int(timesteps[call + 1]))
    }

    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float] {
        schedule.noised(original, noise, time: Int(timesteps[call]))
    }
}
