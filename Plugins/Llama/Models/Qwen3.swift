import PluginCommon
import TensorRuntime

/// Qwen 3, Yang et al. 2025 (arXiv:2505.09388): Llama's network, with norms of every head's queries
/// and keys.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Qwen3Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<NormedHeadsAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Qwen3Model {
    static let family = Family(
        name: "qwen3", architecture: "Qwen3ForCausalLM", gguf: GGUFForm(architecture: "qwen3"))

    static func check(_ c: DecoderConfiguration, _ own: QwenWindows) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension Qwen3Model {
    static func window(_ c: DecoderConfiguration, _ own: QwenWindows, layer: Int) -> Int? {
        own.window(layer, c)
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: QwenWindows) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            try PreNormLayer(
                layer, c,
                attention: NormedHeadsAttention(
                    layer["self_attn"], c, rotary, window: Self.window(c, own, layer: index)))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
