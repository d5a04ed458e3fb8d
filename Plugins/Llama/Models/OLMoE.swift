import PluginCommon
import TensorRuntime

/// OLMoE, Muennighoff et al. 2024 (arXiv:2409.02060): Llama's network with norms of all queries and of
/// all keys, in which each row goes through eight of 64 feed-forwards, whose probabilities need not
/// add up to 1.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct OLMoEModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<NormedWidthAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension OLMoEModel {
    struct Keys: Decodable {
        let numExperts: Int
        let numExpertsPerTok: Int
        let normTopkProb: Bool?
        let clipQkv: Float?
    }

    static let family = Family(
        name: "olmoe", architecture: "OlmoeForCausalLM",
        gguf: GGUFForm(
            architecture: "olmoe", hasExperts: true,
            keys: [
                "num_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
            ]))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
        if let clip = own.clipQkv {
            throw ConfigurationError.unsupported("clip_qkv", found: "\(clip)", expected: "null")
        }
        try ConfigurationChecks.size("num_experts", own.numExperts)
        try ConfigurationChecks.size(
            "num_experts_per_tok", own.numExpertsPerTok, to: own.numExperts)
    }
}

// MARK: - Loading

extension OLMoEModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let experts = ExpertFeedForward.Layout(
            count: own.numExperts, used: own.numExpertsPerTok, size: c.intermediateSize,
            normalizes: own.normTopkProb ?? false)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try PreNormLayer(
                layer, c, attention: NormedWidthAttention(layer["self_attn"], c, rotary),
                feedForward: ExpertFeedForward(
                    layer["mlp"]["experts"], router: layer["mlp"]["gate"], c, experts))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
