import PluginCommon
import TensorRuntime

/// `config.json` of NomicBERT, under the names of transformers 5.
struct NomicBertConfiguration: Sendable {
    var vocabSize: Int
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var maxPositionEmbeddings: Int
    /// 0 if there are no segments.
    var typeVocabSize: Int
    var layerNormEps: Float
    var ropeTheta: Float
}

extension NomicBertConfiguration: EncoderConfiguration {
    var family: String { "nomic-bert" }
    var maxTokens: Int { maxPositionEmbeddings }
    var basePrefix: String { "nomic_bert." }
    var pretrainingFolders: [String] { ["cls."] }

    func check() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_hidden_layers": numHiddenLayers,
            "num_attention_heads": numAttentionHeads,
            "max_position_embeddings": maxPositionEmbeddings,
        ])
        try ConfigurationChecks.sizes(["type_vocab_size": typeVocabSize], from: 0)
        try ConfigurationChecks.rotaryHeads(numAttentionHeads, of: hiddenSize)
        try ConfigurationChecks.positive([
            "layer_norm_eps": layerNormEps, "rope_theta": ropeTheta,
        ])
    }

    func encoder(_ weights: Weights, _ precision: Precision) throws -> any Encoder {
        try NomicBertModel(weights, self, precision)
    }

    func headLayout(for purpose: Purpose) -> HeadLayout {
        switch purpose {
        case .sequenceClassification: HeadLayout(dense: "pooler.dense", output: "classifier")
        case .tokenClassification, .embedding: HeadLayout(output: "classifier")
        case .questionAnswering: HeadLayout(output: "qa_outputs")
        }
    }
}

// MARK: - config.json

extension NomicBertConfiguration: Decodable {
    init(from decoder: any Decoder) throws {
        let form = try decoder.singleValueContainer()
        if try form.decode(Form.self).nEmbd != nil {
            self = try form.decode(AuthorsForm.self).configuration
        } else {
            self = try form.decode(TransformersForm.self).configuration
        }
    }

    private struct Form: Decodable {
        var nEmbd: Int?
    }
}

/// As the authors' own code has it, whose names are GPT-2's.
private struct AuthorsForm: Decodable {
    var vocabSize: Int
    var nEmbd: Int
    var nInner: Int
    var nLayer: Int
    var nHead: Int
    var nPositions: Int
    var maxTrainedPositions: Int?
    var typeVocabSize: Int
    var layerNormEpsilon: Float
    var rotaryEmbBase: Float

    // Features of other family members that this network lacks.
    var activationFunction: String?
    var rotaryEmbFraction: Float?
    var rotaryEmbInterleaved: Bool?
    var qkvProjBias: Bool?
    var mlpFc1Bias: Bool?
    var mlpFc2Bias: Bool?
    var prenorm: Bool?
    var parallelBlock: Bool?
    var useRmsNorm: Bool?
    var moeEveryNLayers: Int?

    /// Beyond the positions of training, the authors stretch the rotation, which is not supported.
    var configuration: NomicBertConfiguration {
        get throws {
            try check()
            return NomicBertConfiguration(
                vocabSize: vocabSize, hiddenSize: nEmbd, intermediateSize: nInner,
                numHiddenLayers: nLayer, numAttentionHeads: nHead,
                maxPositionEmbeddings: min(nPositions, maxTrainedPositions ?? nPositions),
                typeVocabSize: typeVocabSize, layerNormEps: layerNormEpsilon,
                ropeTheta: rotaryEmbBase)
        }
    }

    private func check() throws {
        try ConfigurationChecks.expect("activation_function", activationFunction, "swiglu")
        try ConfigurationChecks.expect("rotary_emb_fraction", rotaryEmbFraction, 1)
        try ConfigurationChecks.expect("rotary_emb_interleaved", rotaryEmbInterleaved, false)
        try ConfigurationChecks.expect("qkv_proj_bias", qkvProjBias, false)
        try ConfigurationChecks.expect("mlp_fc1_bias", mlpFc1Bias, false)
        try ConfigurationChecks.expect("mlp_fc2_bias", mlpFc2Bias, false)
        try ConfigurationChecks.expect("prenorm", prenorm, false)
        try ConfigurationChecks.expect("parallel_block", parallelBlock, false)
        try ConfigurationChecks.expect("use_rms_norm", useRmsNorm, false)
        try ConfigurationChecks.expect("moe_every_n_layers", moeEveryNLayers, 0)
    }
}

private struct TransformersForm: Decodable {
    var vocabSize: Int
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var maxPositionEmbeddings: Int
    var typeVocabSize: Int
    var layerNormEps: Float
    var hiddenAct: String?
    var ropeParameters: RotaryParameters?

    struct RotaryParameters: Decodable {
        var ropeTheta: Float?
        var ropeType: String?
    }

    var configuration: NomicBertConfiguration {
        get throws {
            try ConfigurationChecks.expect("hidden_act", hiddenAct, "silu")
            try ConfigurationChecks.expect("rope_type", ropeParameters?.ropeType, "default")
            return NomicBertConfiguration(
                vocabSize: vocabSize, hiddenSize: hiddenSize,
                intermediateSize: intermediateSize, numHiddenLayers: numHiddenLayers,
                numAttentionHeads: numAttentionHeads,
                maxPositionEmbeddings: maxPositionEmbeddings, typeVocabSize: typeVocabSize,
                layerNormEps: layerNormEps, ropeTheta: ropeParameters?.ropeTheta ?? 1000)
        }
    }
}
