import Glibc

/// The filters, each of which removes some of the candidates that the one before it has left.
///
/// Where a filter has a `least`, it leaves that many if there are so many.
extension Candidates {
    /// Keeps the fewest likeliest candidates that have at least the share `mass` of the total.
    ///
    /// Nucleus sampling, Holtzman et al. 2020 (arXiv:1904.09751).
    func keepNucleus(_ mass: Float, atLeast least: Int) {
        guard mass < 1 else { return }
        let target = Double(mass) * total
        if least <= 1 {
            // Candidates below this weigh less than 1 - mass together, so the nucleus has none of
            // them.
            let negligible = Float((total - target) / Double(count))
            let weights = weightOf
            keep { weights[$0] >= negligible }
        }
        keep(target, atLeast: least, by: distanceOf)
    }

    /// Keeps candidates at least `share` times as likely as the likeliest.
    ///
    /// Min-p sampling, Nguyen et al. 2024 (arXiv:2407.01082).
    func keepAbove(_ share: Float, atLeast least: Int) {
        guard share > 0 else { return }
        let edge = least > 1 ? distance(ofNearest: least) : 0
        let (weights, distances) = (weightOf, distanceOf)
        keep { weights[$0] >= share || distances[$0] <= edge }
    }

    /// Keeps the candidates whose surprise is nearest to the entropy, with the share `mass` in sum.
    ///
    /// Locally typical sampling, Meister et al. 2022 (arXiv:2202.00666):
    ///
    ///     key(i) = | -ln p(i) - H |,  -ln p(i) = distance(i) + ln total
    func keepTypical(_ mass: Float, atLeast least: Int) {
        guard mass < 1 else { return }
        // H - ln total is the mean distance, so the logarithms cancel.
        let center = Float(meanDistance)
        let keys = distanceOf.map { abs($0 - center) }
        keys.withUnsafeBufferPointer { keep(Double(mass) * total, atLeast: least, by: $0) }
    }

    /// Removes all candidates of at least the probability `threshold` but the unlikeliest of them.
    ///
    /// "Exclude top choices", as in llama.cpp (`llama_sampler_xtc`). Of equals the highest id stays.
    func excludeTop(above threshold: Float, leaving least: Int) {
        let bar = Float(Double(threshold) * total)
        let (weights, distances) = (weightOf, distanceOf)
        var (top, last) = (0, 0)
        for index in 0..<count where weights[index] >= bar {
            if top == 0 || distances[index] >= distances[last] { last = index }
            top += 1
        }
        guard top > 1, count - (top - 1) >= least else { return }
        keep { weights[$0] < bar || $0 == last }
    }

    /// Keeps candidates whose surprise is at most `bits`, at least the likeliest.
    ///
    /// The cut of mirostat 2, Basu et al. 2021 (arXiv:2007.14966), algorithm 2:
    ///
    ///     -log2 p(i) ≤ µ  ⇔  distance(i) ≤ µ · ln 2 - ln total
    func keepUnsurprising(_ bits: Double) {
        let edge = Float(max(bits * log(2) - log(total), 0))
        let distances = distanceOf
        keep { distances[$0] <= edge }
    }

    /// Divides the distances by a temperature that rises with the entropy.
    ///
    /// As in llama.cpp (`llama_sampler_temp_ext`), over the `count` candidates that are left:
    ///
    ///     T = low + (high - low) · (H / ln count)^exponent
    func temper(from low: Float, to high: Float, exponent: Float) {
        guard count > 1 else { return }
        let entropy = log(total) + meanDistance
        let share = pow(max(entropy / log(Double(count)), 0), Double(exponent))
        let temperature = low + (high - low) * Float(min(share, 1))
        if temperature > 0 {
            weigh(temperature: temperature)
        } else {
            keep(0, atLeast: 1, by: distanceOf)
        }
    }

    /// Σ p(i) · distance(i)
    private var meanDistance: Double {
        let (weights, distances) = (weightOf, distanceOf)
        var sum = 0.0
        for index in 0..<count where weights[index] > 0 {
            sum += Double(weights[index]) * Double(distances[index])
        }
        return sum / total
    }
}
