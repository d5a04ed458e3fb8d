import PluginCommon
import TensorRuntime

/// Qwen 3, Yang et al. 2025 (arXiv:2505.09388): Llama's network, with norms of every head's queries
/// and keys.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Qwen3Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<Attention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), over normalized heads,
    /// Dehghani et al. 2023 (arXiv:2302.05442), section 2.
    ///
    ///     y = softmax(rope(RMSNorm(q)) · rope(RMSNorm(k))ᵀ / √d) · v · Woᵀ
    struct Attention: DecoderLayer {
        let heads: AttentionHeads
        let queryNorm: RMSNorm  // [d]
        let keyNorm: RMSNorm  // [d]
        let output: Linear  // [D, H·d]
        let rotary: Rotary

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
        ) throws -> Tensor {
            let (queries, keys, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
            var (q, k) = try (queryNorm(queries), keyNorm(keys))
            try rotary.apply(&q, &k, at: rows, in: cache)
            let y = try attention(
                queries: q, keys: k, values: v, cache: cache, layer: layer, rows: rows,
                scale: 1 / Float(heads.headSize).squareRoot())  // [N, H·d]
            return try output(y)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension Qwen3Model {
    struct Keys: Decodable {
        let useSlidingWindow: Bool?
    }

    static let family = Family(
        name: "qwen3", architecture: "Qwen3ForCausalLM", gguf: GGUFForm(architecture: "qwen3"))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsTurned()
        try ConfigurationChecks.expect("use_sliding_window", own.useSlidingWindow, false)
    }
}

// MARK: - Loading

extension Qwen3Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try PreNormLayer(layer, c, attention: Attention(layer["self_attn"], c, rotary))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension Qwen3Model.Attention {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary) throws {
        heads = try AttentionHeads(weights, c)
        queryNorm = try RMSNorm(weights["q_norm"], width: c.headSize, epsilon: c.rmsNormEps)
        keyNorm = try RMSNorm(weights["k_norm"], width: c.headSize, epsilon: c.rmsNormEps)
        output = try Linear(
            weights["o_proj"], from: c.numAttentionHeads * c.headSize, to: c.hiddenSize)
        self.rotary = rotary
    }
}
