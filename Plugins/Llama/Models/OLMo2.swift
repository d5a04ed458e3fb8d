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
    let layers: LayerStack<PostNormLayer<NormedWidthAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension OLMo2Model {
    static let family = Family(
        name: "olmo2", architecture: "Olmo2ForCausalLM",
        gguf: GGUFForm(
            architecture: "olmo2",
            layerNames: postNormNames))

    static let postNormNames = [
        "post_attention_norm": "post_attention_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    ]

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
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try PostNormLayer(
                layer, c, attention: NormedWidthAttention(layer["self_attn"], c, rotary))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
