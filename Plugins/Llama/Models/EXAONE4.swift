import PluginCommon
import TensorRuntime

/// EXAONE 4, Bae et al. 2025 (arXiv:2507.11407): OLMo 2's blocks with norms of every head's queries and
/// keys. In the large model three of four layers see a window, and the fourth knows no positions.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct EXAONE4Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PostNormLayer<NormedHeadsAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension EXAONE4Model {
    static let family = Family(
        name: "exaone4", architecture: "Exaone4ForCausalLM",
        gguf: GGUFForm(architecture: "exaone4", layerNames: OLMo2Model.postNormNames))

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension EXAONE4Model {
    static func window(_ c: DecoderConfiguration, _ own: NoKeys, layer: Int) -> Int? {
        c.hasWindow(layer, globalEvery: 4) ? c.window : nil
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            let window = Self.window(c, own, layer: index)
            let knowsPositions = c.window == nil || window != nil
            return try PostNormLayer(
                layer, c,
                attention: NormedHeadsAttention(
                    layer["self_attn"], c, knowsPositions ? rotary : nil, window: window))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
