import PluginCommon
import TensorRuntime

/// Mixtral, Jiang et al. 2024 (arXiv:2401.04088): Mistral's network, in which each row goes through two
/// of eight feed-forwards.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct MixtralModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension MixtralModel {
    struct Keys: Decodable {
        let numLocalExperts: Int
        let numExpertsPerTok: Int
    }

    static let family = Family(
        name: "mixtral", architecture: "MixtralForCausalLM",
        gguf: GGUFForm(
            architecture: "llama", hasExperts: true,
            keys: [
                "num_local_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
            ],
            layerNames: [
                "ffn_gate_inp": "block_sparse_moe.gate",
                "ffn_gate_exps": "block_sparse_moe.experts.w1",
                "ffn_up_exps": "block_sparse_moe.experts.w3",
                "ffn_down_exps": "block_sparse_moe.experts.w2",
            ], layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.size("num_local_experts", own.numLocalExperts)
        try ConfigurationChecks.size(
            "num_experts_per_tok", own.numExpertsPerTok, to: own.numLocalExperts)
    }
}

// MARK: - Loading

extension MixtralModel {
    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int? {
        c.window
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let experts = ExpertFeedForward.Layout(
            count: own.numLocalExperts, used: own.numExpertsPerTok, size: c.intermediateSize,
            gate: "w1", up: "w3", down: "w2")
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            let mixture = layer["block_sparse_moe"]
            let attention = try GroupedQueryAttention(
                layer["self_attn"], c, rotary, window: c.window)
            return try PreNormLayer(
                layer, c, attention: attention,
                feedForward: ExpertFeedForward(
                    mixture["experts"], router: mixture["gate"], c, experts))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
