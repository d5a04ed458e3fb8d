import PluginCommon
import TensorRuntime

/// Grouped-query attention over normalized heads whose result passes a gate, Qiu et al. 2025
/// (arXiv:2505.06708), section 2.2.
///
///     y = (softmax(rope(RMSNorm(q)) · rope(RMSNorm(k))ᵀ / √d) · v ⊙ sigmoid(x·Wgᵀ)) · Woᵀ
struct GatedAttention: DecoderLayer {
    let heads: AttentionHeads
    let gates: Linear  // [H·d, D]
    let queryNorm: RMSNorm  // [d]
    let keyNorm: RMSNorm  // [d]
    let output: Linear  // [D, H·d]
    let rotary: Rotary

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let (queries, keys, v) = try heads(x)  // [N, H, d], 2 of [N, G, d]
        var (q, k) = try (queryNorm(queries), keyNorm(keys))
        try rotary.apply(&q, &k, at: rows, in: cache)
        let y = try attention(
            queries: q, keys: k, values: v, cache: cache.attention, layer: layer, rows: rows,
            scale: 1 / Float(heads.headSize).squareRoot())  // [N, H·d]
        return try output(y * sigmoid(gates(x)))  // [N, D]
    }
}

// MARK: - Loading

extension GatedAttention {
    /// Reads queries and gates from `q_proj`, in which the rows of a head's gates follow those of its
    /// queries.
    init(_ weights: Weights, _ c: DecoderConfiguration, _ rotary: Rotary) throws {
        let (wide, narrow, size) = (
            c.numAttentionHeads * c.headSize, c.keyValueHeads * c.headSize, c.headSize
        )
        let both = try weights["q_proj"].tensor([2 * wide, c.hiddenSize])
        let part = { (second: Int) in
            try Linear(
                both.selectingRows(
                    (0..<wide).map { ($0 / size * 2 + second) * size + $0 % size }))
        }
        heads = AttentionHeads(
            queries: try part(0),
            keys: try Linear(weights["k_proj"], from: c.hiddenSize, to: narrow),
            values: try Linear(weights["v_proj"], from: c.hiddenSize, to: narrow),
            headSize: size)
        gates = try part(1)
        queryNorm = try RMSNorm(weights["q_norm"], width: size, epsilon: c.normEpsilon)
        keyNorm = try RMSNorm(weights["k_norm"], width: size, epsilon: c.normEpsilon)
        output = try Linear(weights["o_proj"], from: wide, to: c.hiddenSize)
        self.rotary = rotary
    }
}
