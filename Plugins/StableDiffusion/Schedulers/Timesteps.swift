import Glibc

/// Which steps of the training a scheduler visits, from noisy to clear: diffusers' `set_timesteps`.
enum Timesteps {
    typealias Spacing = SchedulerConfiguration.Spacing

    /// Whole steps, as the schedulers of Ho et al.'s line visit them.
    static func whole(_ spacing: Spacing, _ steps: Int, _ c: SchedulerConfiguration) -> [Int] {
        let count = c.trainingSteps
        switch spacing {
        case .linspace:
            return linear(steps, upTo: count - 1).map { Int($0.rounded(.toNearestOrEven)) }
        case .leading:
            return (0..<steps).reversed().map { min($0 * (count / steps) + c.offset, count - 1) }
        case .trailing: return trailing(steps, count)
        }
    }

    /// Steps between which the noise is interpolated.
    static func between(_ spacing: Spacing, _ steps: Int, _ c: SchedulerConfiguration) -> [Float] {
        spacing == .linspace
            ? linear(steps, upTo: c.trainingSteps - 1).map { Float($0) }
            : whole(spacing, steps, c).map { Float($0) }
    }

    /// Steps before the last of one more, as the multistep solvers visit them.
    static func beforeTheLast(
        _ spacing: Spacing, _ steps: Int, _ c: SchedulerConfiguration
    ) -> [Int] {
        let count = c.trainingSteps
        switch spacing {
        case .linspace:
            return linear(steps + 1, upTo: count - 1).dropLast().map {
                Int($0.rounded(.toNearestOrEven))
            }
        case .leading:
            let ratio = count / (steps + 1)
            return (1...steps).reversed().map { min($0 * ratio + c.offset, count - 1) }
        case .trailing: return trailing(steps, count)
        }
    }

    private static func trailing(_ steps: Int, _ count: Int) -> [Int] {
        (0..<steps).map { index in
            let time = Double(count) - Double(index) * Double(count) / Double(steps)
            return max(0, Int(time.rounded(.toNearestOrEven)) - 1)
        }
    }

    /// Descending to 0; a single one is 0, as numpy's.
    private static func linear(_ steps: Int, upTo last: Int) -> [Double] {
        (0..<steps).reversed().map { Double(last) * Double($0) / Double(max(1, steps - 1)) }
    }
}

/// The noise of each call as a ratio to the signal, with the 0 or nearly 0 of the finished image at
/// the end.
struct SigmaSteps: Sendable {
    let timesteps: [Float]
    /// One more than timesteps; in float32, as the reference keeps them.
    let sigmas: [Double]

    /// - Parameter all: those of the training, ascending.
    init(timesteps: [Float], all: [Double], last: Double = 0) {
        self.init(
            timesteps: timesteps, sigmas: timesteps.map { Self.interpolate(all, at: Double($0)) },
            last: last)
    }

    private init(timesteps: [Float], sigmas: [Double], last: Double) {
        self.init(
            timesteps: timesteps, given: (sigmas + [last]).map { Double(Float($0)) })
    }

    /// - Parameter sigmas: one more than timesteps.
    init(timesteps: [Float], given sigmas: [Double]) {
        self.timesteps = timesteps
        self.sigmas = sigmas
    }

    /// Spaced as Karras et al. 2022 (arXiv:2206.00364), equation 5.
    ///
    /// - Parameters:
    ///   - rounded: whether the network is given whole steps.
    init(
        karras steps: Int, from largest: Double, to smallest: Double, all: [Double],
        rounded: Bool, last: Double = 0
    ) {
        let rho = 7.0
        let (low, high) = (pow(smallest, 1 / rho), pow(largest, 1 / rho))
        let sigmas = (0..<steps).map { index in
            pow(high + Double(index) / Double(max(1, steps - 1)) * (low - high), rho)
        }
        let times = sigmas.map { Self.time(of: $0, all.map { log($0) }) }
        self.init(
            timesteps: times.map { Float(rounded ? $0.rounded(.toNearestOrEven) : $0) },
            sigmas: sigmas, last: last)
    }

    private static func interpolate(_ values: [Double], at place: Double) -> Double {
        let low = min(max(0, Int(place)), values.count - 1)
        let high = min(low + 1, values.count - 1)
        return values[low] + (place - Double(low)) * (values[high] - values[low])
    }

    /// The step of the training that has this much noise.
    private static func time(of sigma: Double, _ logarithms: [Double]) -> Double {
        let value = log(max(sigma, 1e-10))
        let low = min(logarithms.lastIndex { $0 <= value } ?? 0, logarithms.count - 2)
        let part = (logarithms[low] - value) / (logarithms[low] - logarithms[low + 1])
        return Double(low) + min(max(part, 0), 1)
    }
}
