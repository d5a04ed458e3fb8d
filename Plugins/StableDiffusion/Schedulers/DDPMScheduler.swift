import PluginCommon

/// Ho et al. 2020 (arXiv:2006.11239), equation 7: the random walk of the training, backwards.
struct DDPMScheduler: Scheduler {
    let timesteps: [Float]
    private let schedule: NoiseSchedule
    private let prediction: Prediction
    private let clip: Double?
    private let isLarge: Bool

    init(_ c: SchedulerConfiguration, steps: Int) throws {
        schedule = try NoiseSchedule(c)
        timesteps = Timesteps.whole(c.timestepSpacing ?? .leading, steps, c).map { Float($0) }
        prediction = c.prediction
        clip = c.clipSample ?? true ? c.clipSampleRange ?? 1 : nil
        switch c.varianceType ?? "fixed_small" {
        case "fixed_small": isLarge = false
        case "fixed_large": isLarge = true
        case let other:
            throw ConfigurationError.unsupported(
                "variance_type", found: other, expected: "fixed_small or fixed_large")
        }
    }

    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float] {
        let x = prediction.original(output, sample, schedule.level(Int(timesteps[call])))
        return x.clipped(to: clip)
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let time = Int(timesteps[call])
        let kept = Double(schedule.kept[time])
        let next =
            call + 1 < timesteps.count ? Double(schedule.kept[Int(timesteps[call + 1])]) : 1
        let ratio = kept / next
        let x = original(output, sample, at: call)
        let ofOriginal = next.squareRoot() * (1 - ratio) / (1 - kept)
        let ofSample = ratio.squareRoot() * (1 - next) / (1 - kept)
        guard time > 0 else { return combined((ofOriginal, x), (ofSample, sample)) }
        let small = max((1 - next) / (1 - kept) * (1 - ratio), 1e-20)
        let deviation = (isLarge ? 1 - ratio : small).squareRoot()
        return combined((ofOriginal, x), (ofSample, sample), (deviation, noise()))
    }

    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float] {
        schedule.noised(original, noise, time: Int(timesteps[call]))
    }
}
