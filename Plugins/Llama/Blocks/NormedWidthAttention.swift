import TensorRuntime

/// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), whose norms go over all heads.
///
///     y = softmax(rope(RMSNorm(q)) · rope(RMSNorm(k))ᵀ / √d) · v · Woᵀ
struct NormedWidthAttention: DecoderLayer {
    let heads: AttentionHeads
    let queryNorm: RMSNorm  // [H·d]
    let keyNorm: RMSNorm  // [G·d]
    let output: Linear  // [D, H·d]
    let rotary: Rotary

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let (queries, keys, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
        var q = try queryNorm(queries.reshaped(rows.count, -1)).reshaped(
            rows.count, -1, heads.headSize)
        var k = try keyNorm(keys.reshaped(rows.count, -1)).reshaped(
            rows.count, -1, heads.headSize)
        try rotary.apply(&q, &k, at: rows, in: cache)
        let y = try attention(
            queries: q, keys: k, values: v, cache: cache.attention, layer: layer, rows: rows,
            scale: 1 / Float(heads.headSize).squareRoot())  // [N, H·d]
        return try output(y)  // [N, D]
    }
}

// MARK: - Loading

extension NormedWidthAttention {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary) throws {
        let (wide, narrow) = (c.numAttentionHeads * c.headSize, c.keyValueHeads * c.headSize)
        heads = try AttentionHeads(weights, c)
        queryNorm = try RMSNorm(weights["q_norm"], width: wide, epsilon: c.normEpsilon)
        keyNorm = try RMSNorm(weights["k_norm"], width: narrow, epsilon: c.normEpsilon)
        output = try Linear(weights["o_proj"], from: wide, to: c.hiddenSize)
        self.rotary = rotary
    }
}
