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
    let rmsNormEps: Float
    let tieWordEmbeddings: Bool?
    let hiddenAct: String?
    let slidingWindow: Int?
    let quantizationConfig: QuantizationConfiguration?

    /// transformers 4
    let ropeTheta: Float?
    /// transformers 4
    let ropeScaling: RotaryScaling?
    /// transformers 5
    let ropeParameters: RotaryScaling?
    let partialRotaryFactor: Float?
    /// GGUF
    let rotaryDim: Int?
    /// Used if the scaling itself does not say.
    let originalMaxPositionEmbeddings: Int?

    struct QuantizationConfiguration: Decodable, Sendable {
        let quantMethod: String?
    }
}

// MARK: - Derived numbers

extension DecoderConfiguration {
    var headSize: Int { headDim ?? hiddenSize / numAttentionHeads }
    var keyValueHeads: Int { numKeyValueHeads ?? numAttentionHeads }

    /// How many positions a row of a layer with a window sees; nil for all before it.
    var window: Int? { slidingWindow.flatMap { $0 > 0 ? $0 : nil } }

    var rotary: RotaryScaling? { ropeParameters ?? ropeScaling }
    var theta: Float { ropeParameters?.ropeTheta ?? ropeTheta ?? ropeScaling?.ropeTheta ?? 10_000 }

    /// How many numbers of a head are rotated.
    var rotarySize: Int {
        if let rotaryDim { return rotaryDim }
        let part = rotary?.partialRotaryFactor ?? partialRotaryFactor ?? 1
        return Int((part * Float(headSize)).rounded())
    }

    /// The positions of training, before any scaling.
    var trainedPositions: Int {
        rotary?.originalMaxPositionEmbeddings ?? originalMaxPositionEmbeddings
            ?? maxPositionEmbeddings
    }
}
