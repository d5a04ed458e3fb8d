import PluginCommon
import TensorRuntime

/// `text_encoder/config.json`.
struct CLIPTextConfiguration: Decodable, Sendable {
    let modelType: String?
    let vocabSize: Int
    let hiddenSize: Int
    let intermediateSize: Int
    let numHiddenLayers: Int
    let numAttentionHeads: Int
    let maxPositionEmbeddings: Int
    let hiddenAct: String
    let layerNormEps: Float?

    var epsilon: Float { layerNormEps ?? 1e-5 }

    var activation: Activation {
        get throws {
            switch hiddenAct {
            case "quick_gelu": .quickGelu
            case "gelu": .gelu
            default:
                throw ConfigurationError.unsupported(
                    "hidden_act", found: hiddenAct, expected: "quick_gelu or gelu")
            }
        }
    }

    func check() throws {
        try ConfigurationChecks.expect("model_type", modelType, "clip_text_model")
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_attention_heads": numAttentionHeads,
            "num_hidden_layers": numHiddenLayers,
        ])
        // The mask has a number for each head and pair of positions.
        guard (3...4096).contains(maxPositionEmbeddings), numAttentionHeads <= 256,
            numAttentionHeads * maxPositionEmbeddings * maxPositionEmbeddings <= 1 << 26
        else {
            throw ConfigurationError.range(
                "max_position_embeddings", found: "\(maxPositionEmbeddings)",
                expected: "3 to 4096, and fewer with many heads")
        }
        try ConfigurationChecks.divides(
            numAttentionHeads, "num_attention_heads", hiddenSize, "hidden_size")
        try ConfigurationChecks.positive(["layer_norm_eps": epsilon])
        _ = try activation
    }
}
