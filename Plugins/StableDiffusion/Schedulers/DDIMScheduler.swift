/// Song et al. 2020 (arXiv:2010.02502), equation 12; η = 1 is as random as the training, 0 not at all.
struct DDIMScheduler: Scheduler {
    let timesteps: [Float]
    private let schedule: NoiseSchedule
    private let prediction: Prediction
    private let clip: Double?
    private let stride: Int
    /// What counts as the step before the first.
    private let end: NoiseLevel
    private let eta: Double

    init(_ c: SchedulerConfiguration, steps: Int, eta: Double) throws {
        schedule = try NoiseSchedule(c)
        timesteps = Timesteps.whole(c.timestepSpacing ?? .leading, steps, c).map { Float($0) }
        prediction = c.prediction
        clip = c.clipSample ?? true ? c.clipSampleRange ?? 1 : nil
        stride = c.trainingSteps / steps
        end = c.setAlphaToOne ?? true ? NoiseLevel(kept: 1) : schedule.level(0)
        self.eta = eta
    }

    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float] {
        let x = prediction.original(output, sample, schedule.level(Int(timesteps[call])))
        return x.clipped(to: clip)
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let time = Int(timesteps[call])
        let now = schedule.level(time)
        let next = time >= stride ? schedule.level(time - stride) : end
        let x = original(output, sample, at: call)
        let direction = prediction.noise(output, sample, now)
        let ratio = now.signal * now.signal / (next.signal * next.signal)
        let variance = next.noise * next.noise / (now.noise * now.noise) * (1 - ratio)
        let deviation = eta * max(0, variance).squareRoot()
        let rest = max(0, next.noise * next.noise - deviation * deviation).squareRoot()
        guard eta > 0 else { return combined((next.signal, x), (rest, direction)) }
        return combined((next.signal, x), (rest, direction), (deviation, noise()))
    }

    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float] {
        schedule.noised(original, noise, time: Int(timesteps[call]))
    }
}

extension NoiseSchedule {
    func noised(_ original: [Float], _ noise: [Float], time: Int) -> [Float] {
        let level = level(time)
        return combined((level.signal, original), (level.noise, noise))
    }
}

extension [Float] {
    /// - Parameter most: nil for no limit.
    func clipped(to most: Double?) -> [Float] {
        guard let most = most.map({ Float($0) }) else { return self }
        return map { Swift.min(Swift.max($0, -most), most) }
    }
}
