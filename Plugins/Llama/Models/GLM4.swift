import PluginCommon
import TensorRuntime

/// GLM-4 of 2025, Team GLM (arXiv:2406.12793, huggingface.co/zai-org/GLM-4-9B-0414): blocks with norms
/// before and behind, half of each head rotated, biases of queries, keys and values.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct GLM4Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<SandwichLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension GLM4Model {
    static let family = Family(
        name: "glm4", architecture: "Glm4ForCausalLM",
        gguf: GGUFForm(
            architecture: "glm4",
            layerNames: [
                "post_attention_norm": "post_self_attn_layernorm",
                "post_ffw_norm": "post_mlp_layernorm", "ffn_up": "mlp.gate_up_proj",
            ], layout: TensorLayouts.pairedRows),
        huggingFace: HuggingFaceForm(layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
    }
}

// MARK: - Loading

extension GLM4Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try SandwichLayer(
                inputNorm: RMSNorm(layer["input_layernorm"], c),
                attention: GroupedQueryAttention(layer["self_attn"], c, rotary),
                postAttentionNorm: RMSNorm(layer["post_self_attn_layernorm"], c),
                preFeedForwardNorm: RMSNorm(layer["post_attention_layernorm"], c),
                feedForward: GatedFeedForward(fused: layer["mlp"], c),
                postFeedForwardNorm: RMSNorm(layer["post_mlp_layernorm"], c))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
