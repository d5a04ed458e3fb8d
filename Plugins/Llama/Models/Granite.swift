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
    let layers: LayerStack<Layer>
    let head: Linear  // [V, D]
    let keys: Keys

    func embed(_ tokens: [Int32]) throws -> Tensor {
        try embedTokens(tokens) * keys.embeddingMultiplier  // [N, D]
    }

    func logits(_ states: Tensor) throws -> Tensor {
        try head(states) * (1 / keys.logitsScaling)  // [W, V]
    }

    /// A block of attention, whose logits are scaled by a number of the configuration, and
    /// feed-forward.
    ///
    ///     a = x + r · Attention(RMSNorm(x))
    ///     y = a + r · FeedForward(RMSNorm(a))
    struct Layer: DecoderLayer {
        let inputNorm: RMSNorm  // [D]
        let attention: GroupedQueryAttention
        let postAttentionNorm: RMSNorm  // [D]
        let feedForward: GatedFeedForward
        let multiplier: Float

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
        ) throws -> Tensor {
            let y = try attention(inputNorm(x), at: rows, cache, layer: layer)  // [N, D]
            let a = try x + y * multiplier
            return try a + feedForward(postAttentionNorm(a)) * multiplier  // [N, D]
        }
    }
}

// MARK: - Configuration

extension GraniteModel {
    struct Keys: Decodable {
        let embeddingMultiplier: Float
        let attentionMultiplier: Float
        let residualMultiplier: Float
        let logitsScaling: Float
    }

    static let family = Family(
        name: "granite", architecture: "GraniteForCausalLM",
        gguf: GGUFForm(
            architecture: "granite",
            keys: [
                "embedding_multiplier": "embedding_scale",
                "attention_multiplier": "attention.scale",
                "residual_multiplier": "residual_scale", "logits_scaling": "logit_scale",
            ], layout: GGUFForm.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try c.expectWholeHeadsTurned()
        try ConfigurationChecks.positive([
            "embedding_multiplier": own.embeddingMultiplier,
            "attention_multiplier": own.attentionMultiplier,
            "residual_multiplier": own.residualMultiplier, "logits_scaling": own.logitsScaling,
        ])
    }
}

// MARK: - Loading

extension GraniteModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in try Layer(layer, c, own, rotary)
        }
        head = try Linear(head: weights, embedTokens, c)
        keys = own
    }
}

extension GraniteModel.Layer {
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ own: GraniteModel.Keys, _ rotary: Rotary
    ) throws {
        inputNorm = try RMSNorm(weights["input_layernorm"], c)
        attention = try GroupedQueryAttention(
            weights["self_attn"], c, rotary, scale: own.attentionMultiplier)
        postAttentionNorm = try RMSNorm(weights["post_attention_layernorm"], c)
        feedForward = try GatedFeedForward(weights["mlp"], c)
        multiplier = own.residualMultiplier
    }
}
