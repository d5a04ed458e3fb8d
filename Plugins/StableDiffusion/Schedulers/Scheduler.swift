import PluginCommon

/// A way from noise to an image in a number of evaluations of the network, with diffusers' numbers.
///
/// Latents are rows of numbers in any order; a scheduler treats all alike. Call `i` is the
/// evaluation at `timesteps[i]`; calls are consecutive, from any first one on.
protocol Scheduler: Sendable {
    /// The time that the network is given at each call, in steps of the training.
    var timesteps: [Float] { get }
    /// The factor of the standard normal noise that call 0 begins with.
    var initialScale: Double { get }
    /// How many calls make up one of the requested steps.
    var callsPerStep: Int { get }

    /// The network's input for these latents.
    func input(_ sample: [Float], at call: Int) -> [Float]

    /// The image that the network's output implies, as far as it is known at this call.
    func original(_ output: [Float], _ sample: [Float], at call: Int) -> [Float]

    /// The latents after a call.
    ///
    /// - Parameter noise: draws as many standard normal numbers as there are latents.
    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float]

    /// An image's latents with the noise that belongs before a call.
    func noised(_ original: [Float], _ noise: [Float], at call: Int) -> [Float]
}

extension Scheduler {
    var initialScale: Double { 1 }
    var callsPerStep: Int { 1 }
    func input(_ sample: [Float], at call: Int) -> [Float] { sample }
}

/// What the network's output is, Salimans and Ho 2022 (arXiv:2202.00512), section 4.
///
///     sample = a·original + s·noise, a² + s² = 1;  v = a·noise - s·original
enum Prediction: String, NamedValue, Sendable {
    case noise = "epsilon"
    case original = "sample"
    case velocity = "v_prediction"

    func original(_ output: [Float], _ sample: [Float], _ level: NoiseLevel) -> [Float] {
        switch self {
        case .noise:
            combined((1 / level.signal, sample), (-level.noise / level.signal, output))
        case .original: output
        case .velocity: combined((level.signal, sample), (-level.noise, output))
        }
    }

    func noise(_ output: [Float], _ sample: [Float], _ level: NoiseLevel) -> [Float] {
        switch self {
        case .noise: output
        case .original:
            combined((1 / level.noise, sample), (-level.signal / level.noise, output))
        case .velocity: combined((level.signal, output), (level.noise, sample))
        }
    }
}

/// Σ factor · numbers; a term with factor 0 is skipped.
func combined(_ terms: (factor: Double, numbers: [Float])...) -> [Float] {
    var sums = [Double](repeating: 0, count: terms[0].numbers.count)
    for (factor, numbers) in terms where factor != 0 {
        for index in sums.indices { sums[index] += factor * Double(numbers[index]) }
    }
    return sums.map { Float($0) }
}
