/// The linear multistep method of fourth order on the ordinary differential equation of Karras et al.
/// 2022 (arXiv:2206.00364), equation 1: slopes of the last calls, weighted with the integrals of their
/// Lagrange polynomials.
struct LMSScheduler: SigmaScheduler {
    let steps: SigmaSteps
    let prediction: Prediction
    let spacing: SchedulerConfiguration.Spacing
    /// Latest first.
    private var slopes: [[Float]] = []

    init(_ c: SchedulerConfiguration, steps count: Int) throws {
        spacing = c.timestepSpacing ?? .linspace
        prediction = c.prediction
        steps = SigmaSteps(c, count, spacing, try NoiseSchedule(c).withSomeSignal)
    }

    mutating func step(
        _ output: [Float], _ sample: [Float], at call: Int, noise: () -> [Float]
    ) -> [Float] {
        let x = original(output, sample, at: call)
        let sigma = steps.sigmas[call]
        slopes = [combined((1 / sigma, sample), (-1 / sigma, x))] + slopes.prefix(3)
        let order = min(call + 1, 4)
        var result = sample
        for (index, slope) in slopes.prefix(order).enumerated() {
            result = combined((1, result), (weight(of: index, order, call), slope))
        }
        return result
    }

    /// ∫ Π (τ - σ[k]) / (σ[index] - σ[k]) dτ over the step; the product of `order` - 1 factors is a
    /// polynomial of third degree, which two points of Gauß integrate exactly.
    private func weight(of index: Int, _ order: Int, _ call: Int) -> Double {
        let nodes = (0..<order).map { steps.sigmas[call - $0] }
        let (from, to) = (steps.sigmas[call], steps.sigmas[call + 1])
        let (middle, half) = ((from + to) / 2, (to - from) / 2)
        let values = [-1.0, 1.0].map { side in
            let place = middle + side * half / 3.0.squareRoot()
            return (0..<order).reduce(1.0) { product, other in
                other == index
                    ? product
                    : product * (place - nodes[other]) / (nodes[index] - nodes[other])
            }
        }
        return half * (values[0] + values[1])
    }
}
