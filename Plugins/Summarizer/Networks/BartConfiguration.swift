import PluginCommon
import TensorRuntime

/// `config.json` of a BART.
struct BartConfiguration: Decodable, Sendable {
    var vocabSize: Int
    var dModel: Int
    var encoderLayers: Int
    var decoderLayers: Int
    var encoderAttentionHeads: Int
    var decoderAttentionHeads: Int
    var encoderFfnDim: Int
    var decoderFfnDim: Int
    var maxPositionEmbeddings: Int
    var activationFunction: String?
    var scaleEmbedding: Bool?
    var tieWordEmbeddings: Bool?

    // Features of other family members that this network lacks.
    var isEncoderDecoder: Bool?
    var normalizeBefore: Bool?
    var normalizeEmbedding: Bool?
    var addFinalLayerNorm: Bool?
    var staticPositionEmbeddings: Bool?
}

// MARK: - Derived numbers

extension BartConfiguration {
    var isTied: Bool { tieWordEmbeddings ?? true }

    /// The row of the first position's vector: the table begins as if the padding token's id, 1,
    /// were a position.
    static let firstPosition = 2

    /// No file says otherwise.
    static let epsilon: Float = 1e-5

    var activation: Activation {
        get throws {
            try ConfigurationChecks.activation("activation_function", activationFunction ?? "gelu")
        }
    }
}

extension BartConfiguration: EncoderDecoderConfiguration {
    var family: String { "bart" }
    var architecture: String { "BartForConditionalGeneration" }
    var width: Int { dModel }
    var decoderDepth: Int { decoderLayers }
    var decoderHeads: Int { decoderAttentionHeads }
    var headSize: Int { dModel / decoderAttentionHeads }
    var decoderPositions: Int { maxPositionEmbeddings }
    var longestSource: Int? { maxPositionEmbeddings }
    var trainedSource: Int? { maxPositionEmbeddings }
    /// transformers' default, which older files omit.
    var usualDecoderStart: Int32? { 2 }

    func check() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "d_model": dModel, "encoder_layers": encoderLayers,
            "decoder_layers": decoderLayers, "encoder_attention_heads": encoderAttentionHeads,
            "decoder_attention_heads": decoderAttentionHeads, "encoder_ffn_dim": encoderFfnDim,
            "decoder_ffn_dim": decoderFfnDim, "max_position_embeddings": maxPositionEmbeddings,
        ])
        try ConfigurationChecks.divides(
            encoderAttentionHeads, "encoder_attention_heads", dModel, "d_model")
        try ConfigurationChecks.divides(
            decoderAttentionHeads, "decoder_attention_heads", dModel, "d_model")
        try ConfigurationChecks.expect("is_encoder_decoder", isEncoderDecoder, true)
        try ConfigurationChecks.expect("normalize_before", normalizeBefore, false)
        try ConfigurationChecks.expect("normalize_embedding", normalizeEmbedding, true)
        try ConfigurationChecks.expect("add_final_layer_norm", addFinalLayerNorm, false)
        try ConfigurationChecks.expect(
            "static_position_embeddings", staticPositionEmbeddings, false)
        _ = try activation
    }

    func network(_ weights: Weights, _ precision: Precision) throws -> any EncoderDecoder {
        try BartModel(weights, self, precision)
    }
}
