import PluginCommon

/// The pseudo linear multistep method of Liu et al. 2022 (arXiv:2202.09778), equations 9 to 12, without
/// its Runge-Kutta start: the first step is made twice.
struct PNDMScheduler: Scheduler {
    let timesteps: [Float]
    private let schedule: NoiseSchedule
    private let prediction: Prediction
    private let stride: Int
    private let end: Double

    private var outputs: [[Float]] = []
    private var first: [Float] = []
    private var calls = 0

    init(_ c: SchedulerConfiguration, steps: Int) throws {
        try ConfigurationChecks.expect(
            "skip_prk_steps", c.skipPrkSteps.map { "\($0)" }, "true")
        guard c.prediction != .original else {
            throw ConfigurationError.unsupported(
                "prediction_type", found: "sample", expected: "epsilon or v_prediction")
        }
        schedule = try NoiseSchedule(c)
        let whole = Timesteps.whole(c.timestepSpacing ?? .leading, steps, c).map { Float($0) }
        timesteps =
            whole.count < 2 ? whole : [whole[0], whole[1], whole[1]] + whole.dropFirst(2)
        prediction = c.prediction
        stride = c.trainingSteps / steps
        end = c.setAlphaToOne ?? false ? 1 : Double(schedule.kept[0])
    }

    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float] {
        prediction.original(output, sample, schedule.level(Int(timesteps[call])))
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        var time = Int(timesteps[call])
        var next = time - stride
        if calls == 1 {
            (next, time) = (time, time + stride)
        } else {
            outputs = outputs.suffix(3) + [output]
        }
        var sample = sample
        if calls == 0 { first = sample }
        if calls == 1 { sample = first }
        let mixed = calls == 1 ? combined((0.5, output), (0.5, outputs[0])) : mixedOutputs
        calls += 1
        return transfer(sample, mixed, from: time, to: next)
    }

    /// Adams-Bashforth over the last outputs.
    private var mixedOutputs: [Float] {
        let latest = Array(outputs.reversed())
        return switch latest.count {
        case 1: latest[0]
        case 2: combined((1.5, latest[0]), (-0.5, latest[1]))
        case 3:
            combined((23.0 / 12, latest[0]), (-16.0 / 12, latest[1]), (5.0 / 12, latest[2]))
        default:
            combined(
                (55.0 / 24, latest[0]), (-59.0 / 24, latest[1]), (37.0 / 24, latest[2]),
                (-9.0 / 24, latest[3]))
        }
    }

    /// Equation 11.
    private func transfer(
        _ sample: [Float], _ output: [Float], from time: Int, to next: Int
    ) -> [Float] {
        let from = Double(schedule.kept[min(time, schedule.count - 1)])
        let to = next >= 0 ? Double(schedule.kept[next]) : end
        let noise = prediction.noise(output, sample, NoiseLevel(kept: from))
        let divisor =
            from * (1 - to).squareRoot() + (from * (1 - from) * to).squareRoot()
        return combined(((to / from).squareRoot(), sample), ((from - to) / divisor, noise))
    }

    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float] {
        schedule.noised(original, noise, time: Int(timesteps[call]))
    }
}
