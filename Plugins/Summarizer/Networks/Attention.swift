import TensorRuntime

/// Attention of H heads, Vaswani et al. 2017 (arXiv:1706.03762), where z is what x attends to:
/// itself, or the encoder's states.
///
///     y = softmax(s · x·Wq · (z·Wk)ᵀ + B) · z·Wv · Wo
///
/// BART divides by √d, s = 1/√d, and has no B. T5 has learned not to divide, s = 1, and adds a bias of
/// its own for each distance in attention to itself.
struct Attention: Sendable {
    let queries: Linear  // [H·d, D]
    let keys: Linear  // [H·d, D]
    let values: Linear  // [H·d, D]
    let output: Linear  // [D, H·d]
    let headSize: Int
    let scale: Float

    /// From every row to all rows, in both directions.
    func callAsFunction(_ x: Tensor, bias: DistanceBias? = nil) throws -> Tensor {
        let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // [M, H·d]
        let rows = x.shape[0]
        let y = try encoderAttention(
            queries: q.reshaped(rows, -1, headSize), keys: k.reshaped(rows, -1, headSize),
            values: v.reshaped(rows, -1, headSize), sequences: PackedSequences(lengths: [rows]),
            scale: scale, bias: bias)  // [M, H·d]
        return try output(y)  // [M, D]
    }

    /// From every row to those up to its own in its sequence.
    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int, bias: DistanceBias? = nil
    ) throws -> Tensor {
        let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // [N, H·d]
        let y = try attention(
            queries: q.reshaped(rows.count, -1, headSize),
            keys: k.reshaped(rows.count, -1, headSize),
            values: v.reshaped(rows.count, -1, headSize), cache: cache, layer: layer, rows: rows,
            scale: scale, bias: bias)  // [N, H·d]
        return try output(y)  // [N, D]
    }

    /// From every row to the source of its sequence.
    func callAsFunction(
        _ x: Tensor, lookingAt memories: [AttentionMemory], layer: Int
    ) throws -> Tensor {
        let q = try queries(x).reshaped(x.shape[0], -1, headSize)  // [N, H, d]
        let y = try crossAttention(
            queries: q, memories: memories, layer: layer, scale: scale)  // [N, H·d]
        return try output(y)  // [N, D]
    }

    /// Writes the keys and values of the encoder's states [M, D].
    func remember(_ states: Tensor, in memory: AttentionMemory, layer: Int) throws {
        let (k, v) = try Linear.apply(keys, values, to: states)  // [M, H·d]
        try memory.write(
            keys: k.reshaped(memory.length, -1, headSize),
            values: v.reshaped(memory.length, -1, headSize), layer: layer)
    }
}
