import PluginCommon
import TensorRuntime

/// The heads of a layer's attention.
///
///     q = x·Wqᵀ + bq,  k = x·Wkᵀ + bk,  v = x·Wvᵀ + bv
struct AttentionHeads: Sendable {
    let queries: Linear  // [H·d, D]
    let keys: Linear  // [G·d, D]
    let values: Linear  // [G·d, D]
    let headSize: Int

    /// - Parameter x: [N, D].
    /// - Returns: queries [N, H, d], keys and values [N, G, d].
    func callAsFunction(_ x: Tensor) throws -> (Tensor, Tensor, Tensor) {
        let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // [N, H·d], 2 of [N, G·d]
        let rows = x.rowCount
        return try (
            q.reshaped(rows, -1, headSize), k.reshaped(rows, -1, headSize),
            v.reshaped(rows, -1, headSize)
        )
    }
}

// MARK: - Loading

extension AttentionHeads {
    /// Reads `q_proj`, `k_proj` and `v_proj`, their biases where there are some.
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        let (wide, narrow) = (c.numAttentionHeads * c.headSize, c.keyValueHeads * c.headSize)
        queries = try Linear(weights["q_proj"], from: c.hiddenSize, to: wide)
        keys = try Linear(weights["k_proj"], from: c.hiddenSize, to: narrow)
        values = try Linear(weights["v_proj"], from: c.hiddenSize, to: narrow)
        headSize = c.headSize
    }

    /// Reads the three from one map, `qkv_proj`.
    init(fused weights: Weights, _ c: DecoderConfiguration) throws {
        let (wide, narrow) = (c.numAttentionHeads * c.headSize, c.keyValueHeads * c.headSize)
        let parts = try Linear.parts(
            of: weights["qkv_proj"], from: c.hiddenSize, to: [wide, narrow, narrow])
        (queries, keys, values) = (parts[0], parts[1], parts[2])
        headSize = c.headSize
    }
}
