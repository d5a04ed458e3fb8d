import PluginCommon
import TensorRuntime

/// `config.json` of MPNet.
struct MPNetConfiguration: Decodable, Sendable {
    var vocabSize: Int
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var maxPositionEmbeddings: Int
    var relativeAttentionNumBuckets: Int
    var layerNormEps: Float
    var hiddenAct: String?
    var padTokenId: Int?
}

extension MPNetConfiguration {
    /// From this distance on all share a bucket; no file says otherwise.
    static let maxDistance = 128

    /// The row of the first position's vector.
    var firstPosition: Int { (padTokenId ?? 1) + 1 }

    var activation: Activation {
        get throws { try ConfigurationChecks.activation("hidden_act", hiddenAct ?? "gelu") }
    }
}

extension MPNetConfiguration: EncoderConfiguration {
    var family: String { "mpnet" }
    var maxTokens: Int { maxPositionEmbeddings - firstPosition }
    var basePrefix: String { "mpnet." }
    var pretrainingFolders: [String] { ["lm_head."] }

    func check() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_hidden_layers": numHiddenLayers,
            "num_attention_heads": numAttentionHeads,
        ])
        try ConfigurationChecks.sizes(["pad_token_id": padTokenId ?? 0], from: 0)
        try ConfigurationChecks.sizes(
            ["max_position_embeddings": maxPositionEmbeddings], from: firstPosition + 1)
        try ConfigurationChecks.divides(
            numAttentionHeads, "num_attention_heads", hiddenSize, "hidden_size")
        try ConfigurationChecks.positive(["layer_norm_eps": layerNormEps])
        guard (4...256).contains(relativeAttentionNumBuckets),
            relativeAttentionNumBuckets.isMultiple(of: 4)
        else {
            throw ConfigurationError.range(
                "relative_attention_num_buckets", found: "\(relativeAttentionNumBuckets)",
                expected: "a multiple of 4, to 256")
        }
        _ = try activation
    }

    /// llama.cpp has no MPNet, so no file has names for it.
    func networkName(gguf name: String) -> String { name }

    func encoder(_ weights: Weights, _ precision: Precision) throws -> any Encoder {
        try MPNetModel(weights, self, precision)
    }

    func headLayout(for purpose: Purpose) -> HeadLayout {
        switch purpose {
        case .sequenceClassification:
            HeadLayout(dense: "classifier.dense", output: "classifier.out_proj")
        case .tokenClassification, .embedding: HeadLayout(output: "classifier")
        case .questionAnswering: HeadLayout(output: "qa_outputs")
        }
    }
}
