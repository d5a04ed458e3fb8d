import Glibc

/// Holds the surprise of a text near a target, by cutting off tokens that surprise more than a limit
/// which follows the tokens drawn.
///
/// Mirostat 2, Basu et al. 2021 (arXiv:2007.14966), algorithm 2, as in llama.cpp
/// (`llama_sampler_mirostat_v2`): the surprise is that among the tokens that are left.
struct Mirostat: Sendable {
    private let target: Double
    private let rate: Double
    /// µ, in bits.
    private(set) var limit: Double

    /// - Returns: nil where it is off.
    init?(_ parameters: SamplingParameters) {
        guard parameters.mirostat == 2 else { return nil }
        target = Double(parameters.mirostatTau)
        rate = Double(parameters.mirostatEta)
        limit = 2 * target
    }

    /// Tells the probability that a token was drawn with.
    ///
    ///     µ = µ - η · (-log2 p - τ)
    mutating func observe(_ probability: Double) {
        limit -= rate * (-log2(probability) - target)
    }
}
