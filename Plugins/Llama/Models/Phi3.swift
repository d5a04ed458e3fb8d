import PluginCommon
import TensorRuntime

/// Phi-3, 3.5 and 4, Abdin et al. 2024 (arXiv:2404.14219, 2412.08905): Llama's network with fused
/// linear maps, a window of attention, and rotary frequencies for long texts, Ding et al. 2024
/// (arXiv:2402.13753). Phi-4-mini rotates a part of each head.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Phi3Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Phi3Model {
    static let family = Family(
        name: "phi3", architecture: "Phi3ForCausalLM",
        gguf: GGUFForm(
            architecture: "phi3",
            layerNames: ["attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"]))

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("silu")
    }
}

// MARK: - Loading

extension Phi3Model {
    static func window(_ c: DecoderConfiguration, _ own: NoKeys, layer: Int) -> Int? {
        c.window
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            let attention = try GroupedQueryAttention(
                layer["self_attn"], c, rotary, heads: AttentionHeads(fused: layer["self_attn"], c),
                window: c.window)
            return try PreNormLayer(
                layer, c, attention: attention,
                feedForward: GatedFeedForward(fused: layer["mlp"], c))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
