import PluginCommon
import TensorRuntime

/// StableLM 2, Bellagente et al. 2024 (arXiv:2402.17834): Llama's network with layer norms, a quarter of
/// each head rotated, and biases of queries, keys and values.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = LayerNorm(xᴸ) · Wheadᵀ
struct StableLMModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension StableLMModel {
    struct Keys: Decodable {
        let qkLayernorm: Bool?
        let useParallelResidual: Bool?
    }

    static let family = Family(
        name: "stablelm", architecture: "StableLmForCausalLM",
        gguf: GGUFForm(architecture: "stablelm"))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try ConfigurationChecks.expect("qk_layernorm", own.qkLayernorm, false)
        try ConfigurationChecks.expect("use_parallel_residual", own.useParallelResidual, false)
    }
}

// MARK: - Loading

extension StableLMModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, _ in
            try PreNormLayer(
                layerNorms: layer, c,
                attention: GroupedQueryAttention(layer["self_attn"], c, rotary),
                feedForward: GatedFeedForward(layer["mlp"], c))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
