import PluginCommon
import TensorRuntime

/// Command R, Cohere 2024 (huggingface.co/CohereLabs/c4ai-command-r-v01): parallel blocks, layer norms without
/// biases, rotary pairs next to each other, scaled logits.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = s · LayerNorm(xᴸ) · Eᵀ
struct CohereModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<ParallelLayer>
    let head: Linear  // [V, D]
    let logitScale: Float

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) * logitScale }  // [W, V]
}

// MARK: - Configuration

extension CohereModel {
    struct Keys: Decodable {
        let logitScale: Float?
        let useQkNorm: Bool?
    }

    static let family = Family(
        name: "cohere", architecture: "CohereForCausalLM",
        gguf: GGUFForm(
            architecture: "command-r", keys: ["logit_scale": "logit_scale"],
            layout: TensorLayouts.pairedRows),
        huggingFace: HuggingFaceForm(layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.positive(["logit_scale": own.logitScale ?? 1])
        try c.expectNoWindow()
        try ConfigurationChecks.expect("use_qk_norm", own.useQkNorm, false)
    }
}

// MARK: - Loading

extension CohereModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, index in
            try ParallelLayer(
                layer, c, attention: GroupedQueryAttention(layer["self_attn"], c, rotary))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
        logitScale = own.logitScale ?? 0.0625
    }
}
