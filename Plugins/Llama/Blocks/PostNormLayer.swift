import TensorRuntime

/// A block of attention and feed-forward, each normalized behind and added to its input.
///
///     a = x + RMSNorm(Attention(x))
///     y = a + RMSNorm(FeedForward(a))
struct PostNormLayer<Attention: DecoderLayer>: DecoderLayer {
    let attention: Attention
    let postAttentionNorm: RMSNorm  // [D]
    let feedForward: GatedFeedForward
    let postFeedForwardNorm: RMSNorm  // [D]

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let y = try attention(x, at: rows, cache, layer: layer)  // [N, D]
        let a = try x + postAttentionNorm(y)
        return try a + postFeedForwardNorm(feedForward(a))  // [N, D]
    }
}

// MARK: - Loading

extension PostNormLayer {
    init(_ weights: Weights, _ c: DecoderConfiguration, attention: Attention) throws {
        self.attention = attention
        postAttentionNorm = try RMSNorm(weights["post_attention_layernorm"], c)
        feedForward = try GatedFeedForward(weights["mlp"], c)
        postFeedForwardNorm = try RMSNorm(weights["post_feedforward_layernorm"], c)
    }
}
