import TensorRuntime

/// A block whose attention and feed-forward look at the same states, Wang and Komatsuzaki 2021
/// (github.com/kingoflolz/mesh-transformer-jax).
///
///     n = LayerNorm(x)
///     y = x + Attention(n) + FeedForward(n)
struct ParallelLayer: DecoderLayer {
    let norm: LayerNorm  // [D]
    let attention: GroupedQueryAttention
    let feedForward: GatedFeedForward

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let n = try norm(x)  // [N, D]
        return try x + attention(n, at: rows, cache, layer: layer) + feedForward(n)
    }
}

// MARK: - Loading

extension ParallelLayer {
    init(
        _ weights: Weights, _ c: DecoderConfiguration, attention: GroupedQueryAttention
    ) throws {
        norm = try LayerNorm(weights["input_layernorm"], c)
        self.attention = attention
        feedForward = try GatedFeedForward(weights["mlp"], c)
    }
}
