import TensorRuntime

/// A block of attention and feed-forward, each normalized before and behind and added to its input.
///
///     a = x + RMSNorm(Attention(RMSNorm(x)))
///     y = a + RMSNorm(FeedForward(RMSNorm(a)))
struct SandwichLayer<Attention: DecoderLayer>: DecoderLayer {
    let inputNorm: RMSNorm  // [D]
    let attention: Attention
    let postAttentionNorm: RMSNorm  // [D]
    let preFeedForwardNorm: RMSNorm  // [D]
    let feedForward: GatedFeedForward
    let postFeedForwardNorm: RMSNorm  // [D]

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let y = try attention(inputNorm(x), at: rows, cache, layer: layer)  // [N, D]
        let a = try x + postAttentionNorm(y)
        return try a + postFeedForwardNorm(feedForward(preFeedForwardNorm(a)))  // [N, D]
    }
}

// MARK: - Loading

extension SandwichLayer {
    init(
        _ weights: Weights, _ c: DecoderConfiguration, attention: Attention,
        feedForward: GatedFeedForward
    ) throws {
        inputNorm = try RMSNorm(weights["input_layernorm"], c)
        self.attention = attention
        postAttentionNorm = try RMSNorm(weights["post_attention_layernorm"], c)
        preFeedForwardNorm = try RMSNorm(weights["pre_feedforward_layernorm"], c)
        self.feedForward = feedForward
        postFeedForwardNorm = try RMSNorm(weights["post_feedforward_layernorm"], c)
    }
}
