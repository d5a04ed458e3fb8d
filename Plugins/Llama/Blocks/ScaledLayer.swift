import TensorRuntime

/// A block of attention and feed-forward, each normalized before and added, times a number, to its
/// input.
///
///     a = x + r · Attention(RMSNorm(x))
///     y = a + r · FeedForward(RMSNorm(a))
struct ScaledLayer: DecoderLayer {
    let inputNorm: RMSNorm  // [D]
    let attention: GroupedQueryAttention
    let postAttentionNorm: RMSNorm  // [D]
    let feedForward: any FeedForward
    /// r
    let multiplier: Float

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let y = try attention(inputNorm(x), at: rows, cache, layer: layer)  // [N, D]
        let a = try x + y * multiplier
        return try a + feedForward(postAttentionNorm(a)) * multiplier  // [N, D]
    }
}

// MARK: - Loading

extension ScaledLayer {
    init(
        _ weights: Weights, _ c: DecoderConfiguration, attention: GroupedQueryAttention,
        feedForward: any FeedForward, multiplier: Float
    ) throws {
        inputNorm = try RMSNorm(weights["input_layernorm"], c)
        self.attention = attention
        postAttentionNorm = try RMSNorm(weights["post_attention_layernorm"], c)
        self.feedForward = feedForward
        self.multiplier = multiplier
    }
}
