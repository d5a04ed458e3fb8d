import PluginCommon
import TensorRuntime

/// Command R7B and A, Cohere et al. 2025 (arXiv:2504.00698): Command R's blocks; three of four layers see a
/// window, and the fourth knows no positions, Yang et al. 2025 (arXiv:2501.18795).
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = s · LayerNorm(xᴸ) · Eᵀ
struct Cohere2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<ParallelLayer>
    let head: Linear  // [V, D]
    let logitScale: Float

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) * logitScale }  // [W, V]
}

// MARK: - Configuration

extension Cohere2Model {
    struct Keys: Decodable {
        let logitScale: Float?
        /// Every so many layers one sees all positions.
        let slidingWindowPattern: Int?
    }

    static let family = Family(
        name: "cohere2", architecture: "Cohere2ForCausalLM",
        gguf: GGUFForm(
            architecture: "cohere2", keys: ["logit_scale": "logit_scale"],
            layout: TensorLayouts.pairedRows),
        huggingFace: HuggingFaceForm(layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.positive(["logit_scale": own.logitScale ?? 1])
        try ConfigurationChecks.size("sliding_window_pattern", own.slidingWindowPattern ?? 4)
    }
}

// MARK: - Loading

extension Cohere2Model {
    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int? {
        c.hasWindow(layer, globalEvery: own.slidingWindowPattern ?? 4) ? c.window : nil
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, index in
            let isLocal = c.hasWindow(index, globalEvery: own.slidingWindowPattern ?? 4)
            return try ParallelLayer(
                layer, c,
                attention: GroupedQueryAttention(
                    layer["self_attn"], c, isLocal ? rotary : nil,
                    window: Self.window(c, own, layer: index)))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
        logitScale = own.logitScale ?? 0.0625
    }
}
