import PluginCommon
import TensorRuntime

/// Qwen 3 with experts, Yang et al. 2025 (arXiv:2505.09388): Qwen 3's network, in which each row goes
/// through eight of 128 feed-forwards.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Qwen3MoEModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<NormedHeadsAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Qwen3MoEModel {
    struct Keys: Decodable {
        let numExperts: Int
        let numExpertsPerTok: Int
        let moeIntermediateSize: Int
        /// GGUF files do not say; llama.cpp takes it as true.
        let normTopkProb: Bool?
        let useSlidingWindow: Bool?
        let decoderSparseStep: Int?
        let mlpOnlyLayers: [Int]?
    }

    static let family = Family(
        name: "qwen3_moe", architecture: "Qwen3MoeForCausalLM",
        gguf: GGUFForm(
            architecture: "qwen3moe", hasExperts: true,
            keys: [
                "num_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
                "moe_intermediate_size": "expert_feed_forward_length",
            ]))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.expect("use_sliding_window", own.useSlidingWindow, false)
        try ConfigurationChecks.expect("decoder_sparse_step", own.decoderSparseStep, 1)
        try ConfigurationChecks.expect("mlp_only_layers", own.mlpOnlyLayers, [])
        try ConfigurationChecks.sizes([
            "num_experts": own.numExperts, "moe_intermediate_size": own.moeIntermediateSize,
        ])
        try ConfigurationChecks.size(
            "num_experts_per_tok", own.numExpertsPerTok, to: own.numExperts)
    }
}

// MARK: - Loading

extension Qwen3MoEModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let experts = ExpertFeedForward.Layout(
            count: own.numExperts, used: own.numExpertsPerTok, size: own.moeIntermediateSize,
            normalizes: own.normTopkProb ?? true)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try PreNormLayer(
                layer, c, attention: NormedHeadsAttention(layer["self_attn"], c, rotary),
                feedForward: ExpertFeedForward(
                    layer["mlp"]["experts"], router: layer["mlp"]["gate"], c, experts))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
