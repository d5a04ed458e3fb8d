import PluginCommon
import TensorRuntime

/// Gemma 2, Rivière et al. 2024 (arXiv:2408.00118): Gemma with norms behind attention and feed-forward
/// as well, logits that stay below soft caps, and windows in every other layer.
///
///     x⁰ = √D · E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = cap(RMSNorm(xᴸ) · Eᵀ),  cap(x) = c · tanh(x / c)
struct Gemma2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<SandwichLayer<Attention>>
    let head: Linear  // [V, D]
    let embeddingScale: Float  // √D
    let softCap: Float?

    func embed(_ tokens: [Int32]) throws -> Tensor {
        try embedTokens(tokens) * embeddingScale  // [N, D]
    }

    func logits(_ states: Tensor) throws -> Tensor {
        let logits = try head(states)  // [W, V]
        guard let softCap else { return logits }
        return try tanh(logits * (1 / softCap)) * softCap
    }

    /// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), below a soft cap.
    ///
    ///     y = softmax(cap(rope(q) · rope(k)ᵀ · scale)) · v · Woᵀ
    struct Attention: DecoderLayer {
        let heads: AttentionHeads
        let output: Linear  // [D, H·d]
        let rotary: Rotary
        let scale: Float
        /// The positions that a row sees; nil for all.
        let window: Int?
        let softCap: Float?

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            var (q, k, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
            try rotary.apply(&q, &k, at: rows, in: cache)
            let y = try attention(
                queries: q, keys: k, values: v, cache: cache.attention, layer: layer, rows: rows,
                scale: scale, window: window, softCap: softCap)  // [N, H·d]
            return try output(y)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension Gemma2Model {
    struct Keys: Decodable {
        let hiddenActivation: String?
        let queryPreAttnScalar: Float?
        let attnLogitSoftcapping: Float?
        let finalLogitSoftcapping: Float?
    }

    static let family = Family(
        name: "gemma2", architecture: "Gemma2ForCausalLM",
        gguf: GGUFForm(
            architecture: "gemma2",
            keys: [
                "attn_logit_softcapping": "attn_logit_softcapping",
                "final_logit_softcapping": "final_logit_softcapping",
            ], layerNames: sandwichNames),
        huggingFace: HuggingFaceForm(layout: GemmaModel.normsFromOne))

    static let sandwichNames = [
        "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
    ]

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try GemmaModel.checkActivation(c, own.hiddenActivation)
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.positive([
            "query_pre_attn_scalar": own.queryPreAttnScalar ?? 1,
            "attn_logit_softcapping": own.attnLogitSoftcapping ?? 1,
            "final_logit_softcapping": own.finalLogitSoftcapping ?? 1,
        ])
    }

    /// The scale of attention's logits. GGUF files do not have it: it is 1/√d, but for the largest
    /// model.
    ///
    /// - Parameter largest: the layers of that model.
    static func scale(_ c: DecoderConfiguration, _ scalar: Float?, largest: Int) -> Float {
        let usual =
            c.numHiddenLayers == largest ? c.hiddenSize / c.numAttentionHeads : c.headSize
        return 1 / (scalar ?? Float(usual)).squareRoot()
    }
}

// MARK: - Loading

extension Gemma2Model {
    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int? {
        c.hasWindow(layer, globalEvery: 2) ? c.window : nil
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            try SandwichLayer(
                layer, c,
                attention: Attention(
                    layer["self_attn"], c, own, rotary,
                    window: Self.window(c, own, layer: index)),
                feedForward: GatedFeedForward(layer["mlp"], c, activation: .geluTanh))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
        embeddingScale = Float(c.hiddenSize).squareRoot()
        softCap = own.finalLogitSoftcapping
    }
}

extension Gemma2Model.Attention {
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ own: Gemma2Model.Keys, _ rotary: Rotary,
        window: Int?
    ) throws {
        heads = try AttentionHeads(weights, c)
        output = try Linear(
            weights["o_proj"], from: c.numAttentionHeads * c.headSize, to: c.hiddenSize)
        self.rotary = rotary
        scale = Gemma2Model.scale(c, own.queryPreAttnScalar, largest: 46)
        self.window = window
        softCap = own.attnLogitSoftcapping
    }
}
