import TensorRuntime

/// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), over rotated queries and keys,
/// Su et al. 2021 (arXiv:2104.09864).
///
///     y = softmax(rope(q) · rope(k)ᵀ / √d) · v · Woᵀ
struct GroupedQueryAttention: DecoderLayer {
    let heads: AttentionHeads
    let output: Linear  // [D, H·d]
    let rotary: Rotary

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
    ) throws -> Tensor {
        var (q, k, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
        try rotary.apply(&q, &k, at: rows, in: cache)
        let y = try attention(
            queries: q, keys: k, values: v, cache: cache, layer: layer, rows: rows,
            scale: 1 / Float(heads.headSize).squareRoot())  // [N, H·d]
        return try output(y)  // [N, D]
    }
}

// MARK: - Loading

extension GroupedQueryAttention {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary) throws {
        heads = try AttentionHeads(weights, c)
        output = try Linear(
            weights["o_proj"], from: c.numAttentionHeads * c.headSize, to: c.hiddenSize)
        self.rotary = rotary
    }
}
