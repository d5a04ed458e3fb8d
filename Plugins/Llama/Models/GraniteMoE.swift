import PluginCommon
import TensorRuntime

/// Granite 3 with experts, Granite Team 2024 (github.com/ibm-granite/granite-3.0-language-models):
/// Granite's network, in which each row goes through eight of 40 feed-forwards.
///
///     x⁰ = e · E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ / s
struct GraniteMoEModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<ScaledLayer>
    let head: Linear  // [V, D]
    let multipliers: GraniteModel.Keys

    func embed(_ tokens: [Int32]) throws -> Tensor {
        try embedTokens(tokens) * multipliers.embeddingMultiplier  // [N, D]
    }

    func logits(_ states: Tensor) throws -> Tensor {
        try head(states) * (1 / multipliers.logitsScaling)  // [W, V]
    }
}

// MARK: - Configuration

extension GraniteMoEModel {
    struct Keys: Decodable {
        let multipliers: GraniteModel.Keys
        let experts: Experts

        struct Experts: Decodable {
            let numLocalExperts: Int
            let numExpertsPerTok: Int
        }

        init(from decoder: any Decoder) throws {
            multipliers = try GraniteModel.Keys(from: decoder)
            experts = try Experts(from: decoder)
        }
    }

    static let family = Family(
        name: "granitemoe", architecture: "GraniteMoeForCausalLM",
        gguf: GGUFForm(
            architecture: "granitemoe", hasExperts: true,
            keys: GraniteModel.multiplierKeys.merging([
                "num_local_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
            ]) { $1 },
            layerNames: [
                "ffn_gate_inp": "block_sparse_moe.router.layer",
                "ffn_gate_exps": "block_sparse_moe.experts.gate_proj",
                "ffn_up_exps": "block_sparse_moe.experts.up_proj",
                "ffn_down_exps": "block_sparse_moe.experts.down_proj",
            ], layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
        try own.multipliers.check()
        try ConfigurationChecks.size("num_local_experts", own.experts.numLocalExperts)
        try ConfigurationChecks.size(
            "num_experts_per_tok", own.experts.numExpertsPerTok, to: own.experts.numLocalExperts)
    }
}

// MARK: - Loading

extension GraniteMoEModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let layout = ExpertFeedForward.Layout(
            count: own.experts.numLocalExperts, used: own.experts.numExpertsPerTok,
            size: c.intermediateSize)
        multipliers = own.multipliers
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            let attention = try GroupedQueryAttention(
                layer["self_attn"], c, rotary, scale: own.multipliers.attentionMultiplier)
            return try ScaledLayer(
                layer, c, attention: attention,
                feedForward: ExpertFeedForward(mixture: layer["block_sparse_moe"], c, layout),
                multiplier: own.multipliers.residualMultiplier)
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension ExpertFeedForward {
    /// Reads `input_linear` [E, 2·F, D], gate before up, and `output_linear` [E, D, F]; GGUF files have
    /// them apart.
    fileprivate init(mixture weights: Weights, _ c: DecoderConfiguration, _ layout: Layout) throws {
        let router = weights["router"]["layer"]
        guard weights["input_linear"].has("weight") else {
            try self.init(weights["experts"], router: router, c, layout)
            return
        }
        let (size, width) = (layout.size, c.hiddenSize)
        let input = try weights["input_linear"].tensor([layout.count, 2 * size, width])
        let output = try weights["output_linear"].tensor([layout.count, width, size])
        let experts = try (0..<layout.count).map { expert in
            let both = try input.rows(expert..<expert + 1).reshaped(2 * size, width)
            return try GatedFeedForward(
                gate: Linear(both.rows(0..<size)), up: Linear(both.rows(size..<2 * size)),
                down: Linear(output.rows(expert..<expert + 1).reshaped(width, size)),
                activation: .silu)
        }
        try self.init(experts, router: router, c, layout)
    }
}
