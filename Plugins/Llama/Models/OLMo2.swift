import PluginCommon
import TensorRuntime

/// OLMo 2, OLMo et al. 2025 (arXiv:2501.00656): Llama's network, normalized behind attention and
/// feed-forward in place of before them, with norms of all queries and of all keys.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct OLMo2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<Layer>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// A block of attention and feed-forward, each normalized behind and added to its input.
    ///
    ///     a = x + RMSNorm(Attention(x))
    ///     y = a + RMSNorm(FeedForward(a))
    struct Layer: DecoderLayer {
        let attention: NormedWidthAttention
        let postAttentionNorm: RMSNorm  // [D]
        let feedForward: GatedFeedForward
        let postFeedForwardNorm: RMSNorm  // [D]

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
        ) throws -> Tensor {
            let y = try attention(x, at: rows, cache, layer: layer)  // [N, D]
            let a = try x + postAttentionNorm(y)
            return try a + postFeedForwardNorm(feedForward(a))  // [N, D]
        }
    }
}

// MARK: - Configuration

extension OLMo2Model {
    static let family = Family(
        name: "olmo2", architecture: "Olmo2ForCausalLM",
        gguf: GGUFForm(
            architecture: "olmo2",
            layerNames: [
                "post_attention_norm": "post_attention_layernorm",
                "post_ffw_norm": "post_feedforward_layernorm",
            ]))

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension OLMo2Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in try Layer(layer, c, rotary) }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension OLMo2Model.Layer {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary) throws {
        attention = try NormedWidthAttention(weights["self_attn"], c, rotary)
        postAttentionNorm = try RMSNorm(weights["post_attention_layernorm"], c)
        feedForward = try GatedFeedForward(weights["mlp"], c)
        postFeedForwardNorm = try RMSNorm(weights["post_feedforward_layernorm"], c)
    }
}
