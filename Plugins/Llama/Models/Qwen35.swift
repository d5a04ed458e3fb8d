import PluginCommon
import TensorRuntime

/// Qwen 3.5 and 3.6, Qwen Team 2026 (github.com/QwenLM/Qwen3.5): Qwen3-Next's layers with a feed-forward
/// that all rows share.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Qwen35Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<DeltaNetMixer>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Qwen35Model {
    static let family = Family(
        name: "qwen3_5_text", architecture: "Qwen3_5ForCausalLM",
        gguf: GGUFForm(
            architecture: "qwen35", keys: DeltaNetMixer.ggufKeys,
            recurrentLayers: "linear_attention", layerNames: DeltaNetMixer.ggufLayerNames,
            layerTensors: DeltaNetMixer.ggufLayerTensors),
        huggingFace: HuggingFaceForm(
            layout: DeltaNetMixer.normsFromOne, ignored: ["mtp."],
            composite: "Qwen3_5ForConditionalGeneration"),
        layerTypes: ["linear_attention", "full_attention"])

    static func check(_ c: DecoderConfiguration, _ own: DeltaNetMixer.Keys) throws {
        try DeltaNetMixer.check(c, own)
    }

    static func memory(_ c: DecoderConfiguration, _ own: DeltaNetMixer.Keys) -> SequenceCache.Layout
    {
        DeltaNetMixer.memory(c, own)
    }
}

// MARK: - Loading

extension Qwen35Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: DeltaNetMixer.Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            try PreNormLayer(
                layer, c,
                attention: DeltaNetMixer.hasAttention(index, c, own)
                    ? .attention(GatedAttention(layer["self_attn"], c, rotary))
                    : .delta(GatedDeltaNet(sorted: layer["linear_attn"], c, own.sizes)))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension GatedDeltaNet {
    /// In Hugging Face's files the heads of values that share a key follow one another; GGUF files have
    /// the first of each key first.
    fileprivate init(sorted weights: Weights, _ c: DecoderConfiguration, _ s: Sizes) throws {
        let (wide, narrow) = (s.heads * s.valueSize, s.groups * s.keySize)
        let isTiled = !weights.has("A_log")
        try self.init(
            weights, c, s,
            maps: Linear.parts(
                of: weights["in_proj_qkv"], from: c.hiddenSize, to: [narrow, narrow, wide]),
            gates: Linear(weights["in_proj_z"], from: c.hiddenSize, to: wide),
            rates: (
                b: Linear(weights["in_proj_b"], from: c.hiddenSize, to: s.heads),
                a: Linear(weights["in_proj_a"], from: c.hiddenSize, to: s.heads)
            ),
            keyHeads: (0..<s.heads).map { isTiled ? $0 % s.groups : $0 / (s.heads / s.groups) })
    }
}
