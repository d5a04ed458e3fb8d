import PluginCommon
import TensorRuntime

/// Mistral, Jiang et al. 2023 (arXiv:2310.06825): Llama's network, whose rows see a window of the
/// positions before them in the first release, and all of them in the later ones.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct MistralModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension MistralModel {
    /// GGUF files of it say `llama`, and have no window.
    static let family = Family(name: "mistral", architecture: "MistralForCausalLM", gguf: nil)

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension MistralModel {
    static func window(_ c: DecoderConfiguration, _ own: NoKeys, layer: Int) -> Int? {
        c.window
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            let attention = try GroupedQueryAttention(
                layer["self_attn"], c, rotary, window: c.window)
            return try PreNormLayer(layer, c, attention: attention)
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
