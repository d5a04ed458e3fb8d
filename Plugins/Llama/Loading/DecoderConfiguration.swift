import Glibc
import PluginCommon

/// What `config.json` of every decoder says, as transformers 4 and 5 write it.
struct DecoderConfiguration: Decodable, Sendable {
    let vocabSize: Int
    let hiddenSize: Int
    let intermediateSize: Int
    let numHiddenLayers: Int
    let numAttentionHeads: Int
    let numKeyValueHeads: Int?
    let headDim: Int?
    let maxPositionEmbeddings: Int
    let rmsNormEps: Float?
    /// In place of `rmsNormEps` for families with layer norms.
    let layerNormEps: Float?
    /// Nemotron's name for it.
    let normEps: Float?
    let tieWordEmbeddings: Bool?
    let hiddenAct: String?
    let slidingWindow: Int?
    /// Which layers have the window, in files of transformers 5.
    let layerTypes: [String]?
    let quantizationConfig: QuantizationConfiguration?
    /// False for decoders that were trained on to look ahead, as some that embed are.
    let isCausal: Bool?
    /// Gemma's word for the opposite.
    let useBidirectionalAttention: Bool?
    /// Set by the checkpoint, whatever the file says: whether nobody will ask for the logits.
    var isHeadless: Bool?

    /// transformers 4
    let ropeTheta: Float?
    /// transformers 4
    let ropeScaling: RotaryScaling?
    /// transformers 5
    let ropeParameters: RotaryParameters?
    let partialRotaryFactor: Float?
    /// GGUF
    let rotaryDim: Int?
    /// Used if the scaling itself does not say.
    let originalMaxPositionEmbeddings: Int?

    struct QuantizationConfiguration: Decodable, Sendable {
        let quantMethod: String?
    }

    /// Of all layers, or one of those without a window and one of those with it.
    struct RotaryParameters: Decodable, Sendable {
        let unwindowed: RotaryScaling
        let windowed: RotaryScaling?

        private struct Kinds: Decodable {
            let fullAttention: RotaryScaling?
            let slidingAttention: RotaryScaling?
        }

        init(from decoder: any Decoder) throws {
            let kinds = try Kinds(from: decoder)
            unwindowed = try kinds.fullAttention ?? RotaryScaling(from: decoder)
            windowed = kinds.slidingAttention
        }
    }
}

// MARK: - Derived numbers

extension DecoderConfiguration {
    var headSize: Int { headDim ?? hiddenSize / numAttentionHeads }
    var keyValueHeads: Int { numKeyValueHeads ?? numAttentionHeads }

    /// How many positions a row of a layer with a window sees; nil for all before it.
    var window: Int? { slidingWindow.flatMap { $0 > 0 ? $0 : nil } }

    /// 0 if the file does not say, which `check` refuses.
    var normEpsilon: Float { rmsNormEps ?? layerNormEps ?? normEps ?? 0 }

    /// Whether a layer has the window, where every so many layers one sees all positions.
    func hasWindow(_ layer: Int, globalEvery pattern: Int) -> Bool {
        layerTypes.map { $0[layer] == "sliding_attention" }
            ?? !(layer + 1).isMultiple(of: pattern)
    }

    var rotary: RotaryScaling? { ropeParameters?.unwindowed ?? ropeScaling }
    var theta: Float {
        ropeParameters?.unwindowed.ropeTheta ?? ropeTheta ?? ropeScaling?.ropeTheta ?? 10_000
    }

    /// The part of a head that is rotated.
    var rotaryPart: Float { rotary?.partialRotaryFactor ?? partialRotaryFactor ?? 1 }

    /// How many numbers of a head are rotated.
    var rotarySize: Int {
        if let rotaryDim { return rotaryDim }
        return Int((min(max(rotaryPart, 0), 1) * Float(headSize)).rounded())
    }

    /// The base of the frequencies for contexts of so many positions, more than those of training:
    /// NTK-aware scaling, which Peng et al. 2023 (arXiv:2309.00071), appendix A, write down.
    func dynamicTheta(_ positions: Int) -> Float {
        let (factor, size) = (rotary?.factor ?? 1, Float(rotarySize))
        let stretch = factor * Float(positions) / Float(trainedPositions) - (factor - 1)
        return theta * pow(stretch, size / (size - 2))
    }

    /// The positions of a context for which nobody asks for fewer or more.
    var contextLength: Int {
        guard rotary?.kind == "dynamic" else { return maxPositionEmbeddings }
        let reached = Float(trainedPositions) * (rotary?.factor ?? 1)
        return Int(min(reached, Float(ConfigurationChecks.largest)))
    }

    /// The positions of the longest context: dynamic scaling has no end of its own.
    var longestContext: Int {
        rotary?.kind == "dynamic" ? ConfigurationChecks.largest : maxPositionEmbeddings
    }

    var rotaryAmplitude: Float {
        rotary?.amplitude(trained: trainedPositions, positions: maxPositionEmbeddings) ?? 1
    }

    /// The positions of training, before any scaling.
    var trainedPositions: Int {
        rotary?.originalMaxPositionEmbeddings ?? originalMaxPositionEmbeddings
            ?? maxPositionEmbeddings
    }
}
