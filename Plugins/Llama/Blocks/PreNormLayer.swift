import TensorRuntime

/// A block of attention and feed-forward, each normalized before and added to its input.
///
///     a = x + Attention(Norm(x))
///     y = a + FeedForward(Norm(a))
struct PreNormLayer<Attention: DecoderLayer>: DecoderLayer {
    let inputNorm: any StateNorm  // [D]
    let attention: Attention
    let postAttentionNorm: any StateNorm  // [D]
    let feedForward: any FeedForward

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let a = try x + attention(inputNorm(x), at: rows, cache, layer: layer)  // [N, D]
        return try a + feedForward(postAttentionNorm(a))  // [N, D]
    }
}

// MARK: - Loading

extension PreNormLayer {
    /// - Parameter feedForward: read from `mlp` unless given.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, attention: Attention,
        feedForward: (any FeedForward)? = nil
    ) throws {
        inputNorm = try RMSNorm(weights["input_layernorm"], c)
        self.attention = attention
        postAttentionNorm = try RMSNorm(weights["post_attention_layernorm"], c)
        self.feedForward = try feedForward ?? GatedFeedForward(weights["mlp"], c)
    }

    /// With layer norms.
    init(
        layerNorms weights: Weights, _ c: DecoderConfiguration, attention: Attention,
        feedForward: any FeedForward
    ) throws {
        inputNorm = try LayerNorm(weights["input_layernorm"], c)
        self.attention = attention
        postAttentionNorm = try LayerNorm(weights["post_attention_layernorm"], c)
        self.feedForward = feedForward
    }
}
