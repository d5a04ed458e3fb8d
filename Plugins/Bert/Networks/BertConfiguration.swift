import PluginCommon
import TensorRuntime

/// `config.json` of BERT, RoBERTa, XLM-R and CamemBERT.
struct BertConfiguration: Decodable, Sendable {
    var modelType: String?
    var vocabSize: Int
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var maxPositionEmbeddings: Int
    /// 0 if there are no segments.
    var typeVocabSize: Int
    var layerNormEps: Float
    var hiddenAct: String?
    var padTokenId: Int?

    // Features of other family members that this network lacks.
    var positionEmbeddingType: String?
    var isDecoder: Bool?

    /// The model types whose positions begin after the padding token's id.
    static let robertaTypes = ["roberta", "xlm-roberta", "camembert"]
}

extension BertConfiguration {
    var isRoberta: Bool { Self.robertaTypes.contains(modelType ?? "bert") }

    /// The row of the first position's vector.
    var firstPosition: Int { isRoberta ? (padTokenId ?? 1) + 1 : 0 }

    /// Of these networks, which a GGUF file does not distinguish, only DistilBERT has no segments.
    var isDistilBert: Bool { modelType == nil && typeVocabSize == 0 }

    var activation: Activation {
        get throws { try ConfigurationChecks.activation("hidden_act", hiddenAct ?? "gelu") }
    }
}

extension BertConfiguration: EncoderConfiguration {
    var family: String { modelType ?? "bert" }
    var maxTokens: Int { maxPositionEmbeddings - firstPosition }
    var basePrefix: String { isRoberta ? "roberta." : "bert." }
    var pretrainingFolders: [String] { ["cls.", "lm_head."] }

    func check() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_hidden_layers": numHiddenLayers,
            "num_attention_heads": numAttentionHeads,
        ])
        try ConfigurationChecks.sizes(["type_vocab_size": typeVocabSize], from: 0)
        try ConfigurationChecks.sizes(["pad_token_id": padTokenId ?? 0], from: 0)
        try ConfigurationChecks.sizes(
            ["max_position_embeddings": maxPositionEmbeddings], from: firstPosition + 1)
        try ConfigurationChecks.divides(
            numAttentionHeads, "num_attention_heads", hiddenSize, "hidden_size")
        try ConfigurationChecks.positive(["layer_norm_eps": layerNormEps])
        try ConfigurationChecks.expect(
            "position_embedding_type", positionEmbeddingType, "absolute")
        try ConfigurationChecks.expect("is_decoder", isDecoder, false)
        _ = try activation
    }

    func encoder(_ weights: Weights, _ precision: Precision) throws -> any Encoder {
        try BertModel(weights, self, precision)
    }

    func headLayout(for purpose: Purpose) -> HeadLayout {
        switch purpose {
        case .questionAnswering: HeadLayout(output: "qa_outputs")
        case .sequenceClassification:
            isRoberta
                ? HeadLayout(dense: "classifier.dense", output: "classifier.out_proj")
                : HeadLayout(
                    dense: "pooler.dense", activation: isDistilBert ? .relu : .tanh,
                    output: "classifier")
        case .tokenClassification, .embedding: HeadLayout(output: "classifier")
        }
    }
}
