import PluginCommon
import TensorRuntime

/// Granite 3, Granite Team 2024 (github.com/ibm-granite/granite-3.0-language-models): Llama's network
/// with four multipliers, Yang et al. 2022 (arXiv:2203.03466).
///
///     x⁰ = e · E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ / s
struct GraniteModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<ScaledLayer>
    let head: Linear  // [V, D]
    let keys: Keys

    func embed(_ tokens: [Int32]) throws -> Tensor {
        try embedTokens(tokens) * keys.embeddingMultiplier  // [N, D]
    }

    func logits(_ states: Tensor) throws -> Tensor {
        try head(states) * (1 / keys.logitsScaling)  // [W, V]
    }
}

// MARK: - Configuration

extension GraniteModel {
    struct Keys: Decodable {
        let embeddingMultiplier: Float
        let attentionMultiplier: Float
        let residualMultiplier: Float
        let logitsScaling: Float

        func check() throws {
            try ConfigurationChecks.positive([
                "embedding_multiplier": embeddingMultiplier,
                "attention_multiplier": attentionMultiplier,
                "residual_multiplier": residualMultiplier, "logits_scaling": logitsScaling,
            ])
        }
    }

    static let family = Family(
        name: "granite", architecture: "GraniteForCausalLM",
        gguf: GGUFForm(
            architecture: "granite", keys: multiplierKeys, layout: TensorLayouts.pairedRows))

    static let multiplierKeys = [
        "embedding_multiplier": "embedding_scale", "attention_multiplier": "attention.scale",
        "residual_multiplier": "residual_scale", "logits_scaling": "logit_scale",
    ]

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
        try own.check()
    }
}

// MARK: - Loading

extension GraniteModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            let attention = try GroupedQueryAttention(
                layer["self_attn"], c, rotary, scale: own.attentionMultiplier)
            return try ScaledLayer(
                layer, c, attention: attention, feedForward: GatedFeedForward(layer["mlp"], c),
                multiplier: own.residualMultiplier)
        }
        head = try Linear(head: weights, embedTokens, c)
        keys = own
    }
}
