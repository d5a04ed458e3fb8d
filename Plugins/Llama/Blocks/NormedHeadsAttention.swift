import TensorRuntime

/// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), over normalized heads,
/// Dehghani et al. 2023 (arXiv:2302.05442), section 2.
///
///     y = softmax(rope(RMSNorm(q)) · rope(RMSNorm(k))ᵀ · scale) · v · Woᵀ
struct NormedHeadsAttention: DecoderLayer {
    let heads: AttentionHeads
    let queryNorm: RMSNorm  // [d]
    let keyNorm: RMSNorm  // [d]
    let output: Linear  // [D, H·d]
    /// Nil for a layer that knows no positions.
    let rotary: Rotary?
    let scale: Float
    /// The positions that a row sees; nil for all.
    let window: Int?

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let (queries, keys, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
        var (q, k) = try (queryNorm(queries), keyNorm(keys))
        try rotary?.apply(&q, &k, at: rows, in: cache)
        let y = try attention(
            queries: q, keys: k, values: v, cache: cache.attention, layer: layer, rows: rows,
            scale: scale,
            window: window)  // [N, H·d]
        return try output(y)  // [N, D]
    }
}

// MARK: - Loading

extension NormedHeadsAttention {
    /// - Parameter scale: 1/√d unless given.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary?, scale: Float? = nil,
        window: Int? = nil
    ) throws {
        heads = try AttentionHeads(weights, c)
        queryNorm = try RMSNorm(weights["q_norm"], width: c.headSize, epsilon: c.normEpsilon)
        keyNorm = try RMSNorm(weights["k_norm"], width: c.headSize, epsilon: c.normEpsilon)
        output = try Linear(
            weights["o_proj"], from: c.numAttentionHeads * c.headSize, to: c.hiddenSize)
        self.rotary = rotary
        self.scale = scale ?? 1 / Float(c.headSize).squareRoot()
        self.window = window
    }
}
