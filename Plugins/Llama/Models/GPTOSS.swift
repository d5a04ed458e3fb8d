import PluginCommon
import TensorRuntime

/// gpt-oss, Agarwal et al. 2025 (arXiv:2508.10925): pre-normalized blocks with sinks of attention, a window
/// in every other layer, and experts of a clamped gated unit, with biases everywhere.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct GPTOSSModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<Attention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// Grouped-query attention whose softmax has a further logit of no value, Xiao et al. 2023
    /// (arXiv:2309.17453).
    struct Attention: DecoderLayer {
        let heads: AttentionHeads
        let sinks: Tensor  // [H]
        let output: Linear  // [D, H·d]
        let rotary: Rotary
        /// The positions that a row sees; nil for all.
        let window: Int?

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            var (q, k, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
            try rotary.apply(&q, &k, at: rows, in: cache)
            let y = try attention(
                queries: q, keys: k, values: v, cache: cache.attention, layer: layer, rows: rows,
                scale: 1 / Float(heads.headSize).squareRoot(), window: window, sinks: sinks)
            return try output(y)  // [N, D]
        }
    }

    /// An expert: a gated unit whose numbers stay below a limit.
    ///
    ///     g = min(x·Wgateᵀ, c),  u = clamp(x·Wupᵀ, -c, c)
    ///     y = (g · sigmoid(1.702 g) ⊙ (u + 1)) · Wdownᵀ
    struct ClampedFeedForward: FeedForward {
        let gate: Linear  // [F, D]
        let up: Linear  // [F, D]
        let down: Linear  // [D, F]
        let limit: Float

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let (gate, up) = try Linear.apply(gate, up, to: x)  // [N, F]
            let g = try Activation.quickGelu(gate.clamped(to: limit))
            return try down(g * up.clamped(from: -limit, to: limit) + g)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension GPTOSSModel {
    struct Keys: Decodable {
        let numLocalExperts: Int
        let numExpertsPerTok: Int
        let swigluLimit: Float?
    }

    static let family = Family(
        name: "gpt_oss", architecture: "GptOssForCausalLM",
        gguf: GGUFForm(
            architecture: "gpt-oss", hasExperts: true,
            keys: [
                "num_local_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
            ],
            layerNames: [
                "attn_sinks": "self_attn.sinks", "ffn_gate_inp": "mlp.router",
                "post_attention_norm": "post_attention_layernorm",
            ]))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.positive(["swiglu_limit": own.swigluLimit ?? 7])
        try ConfigurationChecks.size("num_local_experts", own.numLocalExperts)
        try ConfigurationChecks.size(
            "num_experts_per_tok", own.numExpertsPerTok, to: own.numLocalExperts)
    }
}

// MARK: - Loading

extension GPTOSSModel {
    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int? {
        c.hasWindow(layer, globalEvery: 2) ? c.window : nil
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let layout = ExpertFeedForward.Layout(
            count: own.numLocalExperts, used: own.numExpertsPerTok, size: c.intermediateSize)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            let experts = try ClampedFeedForward.all(
                layer["mlp"]["experts"], c, layout, limit: own.swigluLimit ?? 7)
            return try PreNormLayer(
                layer, c,
                attention: Attention(
                    layer["self_attn"], c, rotary,
                    window: Self.window(c, own, layer: index)),
                feedForward: ExpertFeedForward(
                    experts, router: layer["mlp"]["router"], c, layout))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension GPTOSSModel.Attention {
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary, window: Int?
    ) throws {
        heads = try AttentionHeads(weights, c)
        let shape = [c.numAttentionHeads]
        let stored =
            try weights.has("sinks")
            ? weights.tensor("sinks", shape) : weights["sinks"].tensor(shape)
        sinks = try dequantize(stored)
        output = try Linear(
            weights["o_proj"], from: c.numAttentionHeads * c.headSize, to: c.hiddenSize)
        self.rotary = rotary
        self.window = window
    }
}

extension GPTOSSModel.ClampedFeedForward {
    /// All experts of a layer.
    ///
    /// - Parameter weights: [E, to, from] in GGUF files; in those of transformers' MXFP4 too, the gate's and
    ///   the other rows in turns; in Hugging Face's other ones [E, from, to], with such columns.
    static func all(
        _ weights: Weights, _ c: DecoderConfiguration, _ layout: ExpertFeedForward.Layout,
        limit: Float
    ) throws -> [Self] {
        let (width, size) = (c.hiddenSize, layout.size)
        let map = { (name: String, from: Int, to: Int) in
            try ExpertMaps(weights, name, count: layout.count, from: from, to: to)
        }
        let down = try map("down_proj", size, width)
        if weights["gate_proj"].has("weight") {
            let (gate, up) = (try map("gate_proj", width, size), try map("up_proj", width, size))
            return try (0..<layout.count).map {
                Self(gate: try gate[$0], up: try up[$0], down: try down[$0], limit: limit)
            }
        }
        let both = try map("gate_up_proj", width, 2 * size)
        let turns = (0..<size).map { 2 * $0 }
        return try (0..<layout.count).map { expert in
            Self(
                gate: try both[expert, rows: turns],
                up: try both[expert, rows: turns.map { $0 + 1 }],
                down: try down[expert], limit: limit)
        }
    }
}
