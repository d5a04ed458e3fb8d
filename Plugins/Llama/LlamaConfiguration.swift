import PluginCommon

/// `config.json` of a LlamaForCausalLM, as transformers 4 and 5 write it.
struct LlamaConfiguration: Decodable, Sendable {
    var vocabSize: Int
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var numKeyValueHeads: Int?
    var headDim: Int?
    var maxPositionEmbeddings: Int
    var rmsNormEps: Float
    var tieWordEmbeddings: Bool?
    /// transformers 4
    var ropeTheta: Float?
    /// transformers 4
    var ropeScaling: RotaryParameters?
    /// transformers 5
    var ropeParameters: RotaryParameters?

    // What other members of the family have and this network has not.
    var hiddenAct: String?
    var attentionBias: Bool?
    var mlpBias: Bool?
    var slidingWindow: Int?
    var partialRotaryFactor: Float?
    var quantizationConfig: QuantizationConfiguration?

    /// How rotary frequencies are scaled to reach beyond the positions of training.
    struct RotaryParameters: Decodable, Sendable {
        var ropeType: String?
        /// The older name of `ropeType`.
        var type: String?
        var ropeTheta: Float?
        var factor: Float?
        var lowFreqFactor: Float?
        var highFreqFactor: Float?
        var originalMaxPositionEmbeddings: Int?
        var partialRotaryFactor: Float?
    }

    struct QuantizationConfiguration: Decodable, Sendable {
        var quantMethod: String?
    }
}

extension LlamaConfiguration {
    /// - Throws: `ConfigurationError.file` naming what is missing or of the wrong kind.
    init(json: [UInt8]) throws {
        self = try ConfigurationFile(name: "config.json", json).decode()
    }
}

// MARK: - Derived numbers

extension LlamaConfiguration {
    var headSize: Int { headDim ?? hiddenSize / numAttentionHeads }
    var keyValueHeads: Int { numKeyValueHeads ?? numAttentionHeads }
    var isTied: Bool { tieWordEmbeddings ?? false }
    var rotary: RotaryParameters? { ropeParameters ?? ropeScaling }
    var theta: Float { ropeParameters?.ropeTheta ?? ropeTheta ?? ropeScaling?.ropeTheta ?? 10_000 }
    var rotaryType: String { rotary?.ropeType ?? rotary?.type ?? "default" }

    /// The angles per position that the scaling makes of `theta^(-2i/d)`; one for each pair.
    func scaled(_ frequencies: [Float]) -> [Float] {
        guard let rotary else { return frequencies }
        switch rotaryType {
        case "linear": return frequencies.map { $0 / (rotary.factor ?? 1) }
        case "llama3": return frequencies.map(rotary.llama3)
        default: return frequencies
        }
    }
}

extension LlamaConfiguration.RotaryParameters {
    /// Llama 3.1: long waves are stretched by `factor`, short ones kept, those between blended by
    /// how often they fit into the original context.
    fileprivate func llama3(_ frequency: Float) -> Float {
        let (low, high) = (lowFreqFactor ?? 1, highFreqFactor ?? 4)
        let waves = Float(originalMaxPositionEmbeddings ?? 8192) * frequency / (2 * Float.pi)
        let blend = min(max((waves - low) / (high - low), 0), 1)
        return (1 - blend) * frequency / (factor ?? 8) + blend * frequency
    }
}
