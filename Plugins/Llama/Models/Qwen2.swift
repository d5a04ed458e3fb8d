import PluginCommon
import TensorRuntime

/// Qwen 2 and 2.5, Yang et al. 2024 (arXiv:2407.10671, 2412.15115): Llama's network, with biases of
/// the queries, keys and values.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Qwen2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Qwen2Model {
    static let family = Family(
        name: "qwen2", architecture: "Qwen2ForCausalLM", gguf: GGUFForm(architecture: "qwen2"))

    static func check(_ c: DecoderConfiguration, _ own: QwenWindows) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension Qwen2Model {
    static func window(_ c: DecoderConfiguration, _ own: QwenWindows, layer: Int) -> Int? {
        own.window(layer, c)
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: QwenWindows) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            try PreNormLayer(
                layer, c,
                attention: GroupedQueryAttention(
                    layer["self_attn"], c, rotary, window: Self.window(c, own, layer: index)))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
