import Glibc
import PluginCommon

/// How rotary frequencies are scaled to reach beyond the positions of training: `rope_scaling` of
/// config.json, or `rope_parameters`.
struct RotaryScaling: Decodable, Sendable {
    let ropeType: String?
    /// The older name of `ropeType`.
    let type: String?
    let ropeTheta: Float?
    let factor: Float?
    let originalMaxPositionEmbeddings: Int?
    let partialRotaryFactor: Float?
    /// llama3
    let lowFreqFactor: Float?
    /// llama3
    let highFreqFactor: Float?
    /// yarn, longrope
    let attentionFactor: Float?
    /// yarn
    let betaFast: Float?
    /// yarn
    let betaSlow: Float?
    /// yarn
    let truncate: Bool?
    /// longrope: divides the frequencies of contexts no longer than those of training
    let shortFactor: [Float]?
    /// longrope: divides those of longer ones
    let longFactor: [Float]?
    /// yarn, DeepSeek's
    let mscale: Float?

    var kind: String {
        let name = ropeType ?? type ?? "default"
        // The first releases of Phi-3 call it after its author.
        return name == "su" ? "longrope" : name
    }

    private static let kinds = ["default", "linear", "llama3", "yarn", "longrope", "dynamic"]

    /// - Parameter key: where it stands.
    func check(_ key: String) throws {
        guard Self.kinds.contains(kind) else {
            throw ConfigurationError.unsupported(
                key, found: kind, expected: Self.kinds.joined(separator: ", "))
        }
        // A factor that the file lacks is replaced by a valid one.
        try ConfigurationChecks.positive([
            "factor": factor ?? 1, "low_freq_factor": lowFreqFactor ?? 1,
            "high_freq_factor": highFreqFactor ?? 1, "attention_factor": attentionFactor ?? 1,
            "beta_fast": betaFast ?? 1, "beta_slow": betaSlow ?? 1,
        ])
        if let low = lowFreqFactor, let high = highFreqFactor, low >= high {
            throw ConfigurationError.range(
                "low_freq_factor", found: "\(low)", expected: "less than \(high)")
        }
        if ["linear", "yarn", "dynamic"].contains(kind), factor == nil {
            throw ConfigurationError.missing("\(key).factor")
        }
        if let mscale {
            throw ConfigurationError.unsupported("mscale", found: "\(mscale)", expected: "null")
        }
    }
}

// MARK: - Scaling

extension RotaryScaling {
    /// The angles per position that the scaling makes of `theta^(-2i/d)`; one for each pair.
    ///
    /// - Parameter trained: the positions of training.
    func scaled(_ frequencies: [Float], theta: Float, trained: Int) -> [Float] {
        switch kind {
        case "linear": frequencies.map { $0 / (factor ?? 1) }
        case "llama3": frequencies.map(llama3)
        case "yarn": yarn(frequencies, theta: theta, trained: Float(trained))
        default: frequencies
        }
    }

    /// The factor of the rotated numbers.
    ///
    /// - Parameters:
    ///   - trained: the positions of training.
    ///   - positions: those that the scaling reaches.
    func amplitude(trained: Int, positions: Int) -> Float {
        if let attentionFactor { return attentionFactor }
        switch kind {
        case "yarn": return max(1, 0.1 * log(factor ?? 1) + 1)
        case "longrope":
            let stretch = max(1, Float(positions) / Float(trained))
            return (1 + log(stretch) / log(Float(trained))).squareRoot()
        default: return 1
        }
    }

    /// Llama 3.1: long waves are stretched by `factor`, short ones kept, those between blended by
    /// how often they fit into the original context.
    private func llama3(_ frequency: Float) -> Float {
        let (low, high) = (lowFreqFactor ?? 1, highFreqFactor ?? 4)
        let waves = Float(originalMaxPositionEmbeddings ?? 8192) * frequency / (2 * Float.pi)
        let blend = min(max((waves - low) / (high - low), 0), 1)
        return (1 - blend) * frequency / (factor ?? 8) + blend * frequency
    }

    /// YaRN, Peng et al. 2023 (arXiv:2309.00071), section 3.2: pairs that turn often over the
    /// positions of training are kept, those that turn seldom are stretched by `factor`, those
    /// between blended by their place.
    private func yarn(_ frequencies: [Float], theta: Float, trained: Float) -> [Float] {
        let last = Float(2 * frequencies.count)
        /// The pair that rotates this often.
        let pair = { (turns: Float) in
            last * log(trained / (turns * 2 * .pi)) / (2 * log(theta))
        }
        var (low, high) = (pair(betaFast ?? 32), pair(betaSlow ?? 1))
        if truncate ?? true { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        (low, high) = (max(low, 0), min(high, last - 1))
        if low == high { high += 0.001 }
        return frequencies.enumerated().map { index, frequency in
            let stretched = min(max((Float(index) - low) / (high - low), 0), 1)
            return frequency / (factor ?? 1) * stretched + frequency * (1 - stretched)
        }
    }
}
