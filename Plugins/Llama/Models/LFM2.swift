import PluginCommon
import TensorRuntime

/// LFM 2, Amini et al. 2025 (arXiv:2511.23404): pre-normalized blocks of which most have short gated
/// convolutions, and some attention with norms of every head's queries and keys.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Eᵀ
struct LFM2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<Operator>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// What stands in a layer before its feed-forward.
    enum Operator: DecoderLayer {
        case convolution(ShortConvolution)
        case attention(NormedHeadsAttention)

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            switch self {
            case .convolution(let own): try own(x, at: rows, cache, layer: layer)
            case .attention(let own): try own(x, at: rows, cache, layer: layer)
            }
        }
    }

    /// A convolution over three positions between two gates, section 2.1.
    ///
    ///     y = (c ⊙ conv(b ⊙ h)) · Woᵀ,  b = x·Wbᵀ,  c = x·Wcᵀ,  h = x·Whᵀ
    struct ShortConvolution: DecoderLayer {
        let input: Linear  // [D, D]
        let gate: Linear  // [D, D]
        let values: Linear  // [D, D]
        let filter: CausalConvolution  // [D, K]
        let output: Linear  // [D, D]

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            let (b, c, h) = try Linear.apply(input, gate, values, to: x)  // 3 of [N, D]
            let y = try filter(b * h, cache.recurrent, slot: layer, rows: rows)  // [N, D]
            return try output(c * y)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension LFM2Model {
    struct Keys: Decodable {
        let convLCache: Int
        let convBias: Bool?
        /// The layers with attention, in files before `layer_types`.
        let fullAttnIdxs: [Int]?
        let blockAutoAdjustFfDim: Bool?
        let blockFfnDimMultiplier: Float?
        let blockMultipleOf: Int?
        let tieEmbedding: Bool?
    }

    static let family = Family(
        name: "lfm2", architecture: "Lfm2ForCausalLM",
        gguf: GGUFForm(
            architecture: "lfm2", keys: ["conv_L_cache": "shortconv.l_cache"],
            recurrentLayers: "conv", outerNames: ["token_embd_norm": "model.norm"],
            layerNames: [
                "shortconv.conv": "conv.conv", "shortconv.in_proj": "conv.in_proj",
                "shortconv.out_proj": "conv.out_proj",
            ]),
        huggingFace: HuggingFaceForm(
            outerNames: ["embedding_norm": "model.norm"],
            layerNames: [
                "operator_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
                "feed_forward.w1": "mlp.gate_proj", "feed_forward.w3": "mlp.up_proj",
                "feed_forward.w2": "mlp.down_proj", "self_attn.out_proj": "self_attn.o_proj",
                "self_attn.q_layernorm": "self_attn.q_norm",
                "self_attn.k_layernorm": "self_attn.k_norm",
            ], keys: ["intermediate_size": "block_ff_dim", "norm_eps": "block_norm_eps"]),
        layerTypes: ["conv", "full_attention"])

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectWholeHeadsRotated()
        try c.expectNoWindow()
        try ConfigurationChecks.size("num_hidden_layers", c.numHiddenLayers, to: 4096)
        try ConfigurationChecks.size("conv_L_cache", own.convLCache, from: 2, to: 64)
        try ConfigurationChecks.size("block_multiple_of", own.blockMultipleOf ?? 1)
        try ConfigurationChecks.positive([
            "block_ffn_dim_multiplier": own.blockFfnDimMultiplier ?? 1
        ])
        try ConfigurationChecks.size("block_ff_dim", feedForwardSize(c, own))
        if c.layerTypes == nil, own.fullAttnIdxs == nil {
            throw ConfigurationError.missing("layer_types")
        }
    }

    static func memory(_ c: DecoderConfiguration, _ own: Keys) -> SequenceCache.Layout {
        let layers = (0..<c.numHiddenLayers).filter { !hasAttention($0, c, own) }
        let floats = (own.convLCache - 1) * c.hiddenSize
        return SequenceCache.Layout(
            c, recurrent: Dictionary(uniqueKeysWithValues: layers.map { ($0, [floats]) }))
    }

    private static func hasAttention(_ layer: Int, _ c: DecoderConfiguration, _ own: Keys) -> Bool {
        c.layerTypes.map { $0[layer] == "full_attention" }
            ?? (own.fullAttnIdxs ?? []).contains(layer)
    }

    /// F: of the stated size two thirds, rounded up.
    private static func feedForwardSize(_ c: DecoderConfiguration, _ own: Keys) -> Int {
        guard own.blockAutoAdjustFfDim == true else { return c.intermediateSize }
        let part = Float(2 * c.intermediateSize / 3) * (own.blockFfnDimMultiplier ?? 1)
        let (size, multiple) = (Int(min(part, Float(1 << 30))), own.blockMultipleOf ?? 1)
        return (size + multiple - 1) / multiple * multiple
    }
}

// MARK: - Loading

extension LFM2Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let inner = Self.feedForwardSize(c, own)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            try PreNormLayer(
                layer, c,
                attention: Self.hasAttention(index, c, own)
                    ? .attention(NormedHeadsAttention(layer["self_attn"], c, rotary))
                    : .convolution(ShortConvolution(layer["conv"], c, own)),
                feedForward: GatedFeedForward(layer["mlp"], width: c.hiddenSize, size: inner))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: own.tieEmbedding ?? true)
    }
}

extension LFM2Model.ShortConvolution {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: LFM2Model.Keys) throws {
        let width = c.hiddenSize
        let parts = try Linear.parts(
            of: weights["in_proj"], from: width, to: [width, width, width])
        (input, gate, values) = (parts[0], parts[1], parts[2])
        filter = try CausalConvolution.parts(
            of: weights["conv"], channels: [width], taps: own.convLCache)[0]
        output = try Linear(weights["out_proj"], from: width, to: width)
    }
}
