import TensorRuntime

/// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), over rotated queries and keys,
/// Su et al. 2021 (arXiv:2104.09864).
///
///     y = softmax(rope(q) · rope(k)ᵀ · scale) · v · Woᵀ
struct GroupedQueryAttention: DecoderLayer {
    let heads: AttentionHeads
    let output: Linear  // [D, H·d]
    /// Nil for a layer that knows no positions.
    let rotary: Rotary?
    let scale: Float
    /// The positions that a row sees; nil for all.
    let window: Int?

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        var (q, k, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
        try rotary?.apply(&q, &k, at: rows, in: cache)
        let y = try attention(
            queries: q, keys: k, values: v, cache: cache.attention, layer: layer, rows: rows,
            scale: scale,
            window: window)  // [N, H·d]
        return try output(y)  // [N, D]
    }
}

// MARK: - Loading

extension GroupedQueryAttention {
    /// - Parameters:
    ///   - heads: read from `q_proj`, `k_proj` and `v_proj` unless given.
    ///   - scale: 1/√d unless given.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary?,
        heads: AttentionHeads? = nil, scale: Float? = nil, window: Int? = nil
    ) throws {
        self.heads = try heads ?? AttentionHeads(weights, c)
        output = try Linear(
            weights["o_proj"], from: c.numAttentionHeads * c.headSize, to: c.hiddenSize)
        self.rotary = rotary
        self.scale = scale ?? 1 / Float(c.headSize).squareRoot()
        self.window = window
    }
}
