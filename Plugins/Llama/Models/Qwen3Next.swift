import PluginCommon
import TensorRuntime

/// Qwen3-Next, Qwen Team 2025 (qwen.ai/blog?id=4074cca80393150c248e508aa62983f9cb7d27cd): three layers of
/// the gated delta rule for each of gated attention, experts and a shared one, norms that multiply with
/// 1 + w, a quarter of each head rotated.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Qwen3NextModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<DeltaNetMixer>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Qwen3NextModel {
    struct Keys: Decodable {
        let mixer: DeltaNetMixer.Keys
        let experts: Experts

        struct Experts: Decodable {
            let numExperts: Int
            let numExpertsPerTok: Int
            let moeIntermediateSize: Int
            let sharedExpertIntermediateSize: Int
            let normTopkProb: Bool?
            let decoderSparseStep: Int?
            let mlpOnlyLayers: [Int]?
        }

        init(from decoder: any Decoder) throws {
            mixer = try DeltaNetMixer.Keys(from: decoder)
            experts = try Experts(from: decoder)
        }
    }

    static let family = Family(
        name: "qwen3_next", architecture: "Qwen3NextForCausalLM",
        gguf: GGUFForm(
            architecture: "qwen3next", hasExperts: true,
            keys: DeltaNetMixer.ggufKeys.merging([
                "num_experts": "expert_count", "num_experts_per_tok": "expert_used_count",
                "moe_intermediate_size": "expert_feed_forward_length",
                "shared_expert_intermediate_size": "expert_shared_feed_forward_length",
            ]) { $1 }, recurrentLayers: "linear_attention",
            layerNames: DeltaNetMixer.ggufLayerNames.merging([
                "ffn_gate_shexp": "mlp.shared_expert.gate_proj",
                "ffn_up_shexp": "mlp.shared_expert.up_proj",
                "ffn_down_shexp": "mlp.shared_expert.down_proj",
                "ffn_gate_inp_shexp": "mlp.shared_expert_gate",
            ]) { $1 }, layerTensors: DeltaNetMixer.ggufLayerTensors),
        huggingFace: HuggingFaceForm(layout: DeltaNetMixer.normsFromOne, ignored: ["mtp."]),
        layerTypes: ["linear_attention", "full_attention"])

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try DeltaNetMixer.check(c, own.mixer)
        let e = own.experts
        try ConfigurationChecks.size("num_experts", e.numExperts)
        try ConfigurationChecks.size("num_experts_per_tok", e.numExpertsPerTok, to: e.numExperts)
        try ConfigurationChecks.sizes([
            "moe_intermediate_size": e.moeIntermediateSize,
            "shared_expert_intermediate_size": e.sharedExpertIntermediateSize,
        ])
        try ConfigurationChecks.expect("decoder_sparse_step", e.decoderSparseStep, 1)
        try ConfigurationChecks.expect("mlp_only_layers", e.mlpOnlyLayers, [])
    }

    static func memory(_ c: DecoderConfiguration, _ own: Keys) -> SequenceCache.Layout {
        DeltaNetMixer.memory(c, own.mixer)
    }
}

// MARK: - Loading

extension Qwen3NextModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let e = own.experts
        let layout = ExpertFeedForward.Layout(
            count: e.numExperts, used: e.numExpertsPerTok, size: e.moeIntermediateSize,
            normalizes: e.normTopkProb ?? true)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            try PreNormLayer(
                layer, c,
                attention: DeltaNetMixer.hasAttention(index, c, own.mixer)
                    ? .attention(GatedAttention(layer["self_attn"], c, rotary))
                    : .delta(GatedDeltaNet(grouped: layer["linear_attn"], c, own.mixer.sizes)),
                feedForward: SharedExpertFeedForward(
                    layer["mlp"], c, layout, sharedSize: e.sharedExpertIntermediateSize))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension GatedDeltaNet {
    /// Hugging Face's files have one map whose rows are, key head by key head, those of its queries, its
    /// keys, the values and the gates of its heads; GGUF files have sorted them, but not those of b and a.
    fileprivate init(
        grouped weights: Weights, _ c: DecoderConfiguration, _ s: Sizes
    ) throws {
        let each = s.heads / s.groups
        let (wide, narrow) = (s.heads * s.valueSize, s.groups * s.keySize)
        /// Some rows of each group, group by group.
        let rows = { (size: Int, part: Range<Int>) in
            (0..<s.groups).flatMap { group in part.map { group * size + $0 } }
        }
        let size = 2 * (s.keySize + each * s.valueSize)
        let (k, v) = (s.keySize, each * s.valueSize)
        var maps: [Linear]
        let gates: Linear
        if weights["in_proj_qkvz"].has("weight") {
            let all = try weights["in_proj_qkvz"].tensor([2 * (narrow + wide), c.hiddenSize])
            let map = { try Linear(all.selectingRows(rows(size, $0))) }
            maps = try [map(0..<k), map(k..<2 * k), map(2 * k..<2 * k + v)]
            gates = try map(2 * k + v..<size)
        } else {
            maps = try Linear.parts(
                of: weights["in_proj_qkv"], from: c.hiddenSize, to: [narrow, narrow, wide])
            gates = try Linear(weights["in_proj_z"], from: c.hiddenSize, to: wide)
        }
        let both = try weights["in_proj_ba"].tensor([2 * s.heads, c.hiddenSize])
        try self.init(
            weights, c, s, maps: maps, gates: gates,
            rates: (
                b: Linear(both.selectingRows(rows(2 * each, 0..<each))),
                a: Linear(both.selectingRows(rows(2 * each, each..<2 * each)))
            ), keyHeads: (0..<s.heads).map { $0 / each })
    }
}
