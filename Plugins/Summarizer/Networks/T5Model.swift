import TensorRuntime

/// T5, an encoder and a decoder of pre-normalized blocks whose only positions are distances: Raffel
/// et al. 2019 (arXiv:1910.10683); version 1.1 is Shazeer 2020 (arXiv:2002.05202).
///
///     x⁰ = E[source]     xˡ = EncoderLayerˡ(xˡ⁻¹)         z = RMSNorm(xᴸ)
///     y⁰ = E[tokens]     yˡ = DecoderLayerˡ(yˡ⁻¹, z)      s = RMSNorm(yᴸ)
///     logits = s · Wheadᵀ,  in version 1.0  s · Eᵀ / √D
///
/// The letters of the shapes:
///
///     M  tokens of the source                     H  heads
///     N  rows of the batch, of any sequences      d  head size; H·d need not be D
///     W  rows whose state is wanted               F  feed-forward size
///     V  vocabulary                               D  hidden size
struct T5Model: EncoderDecoder {
    let embedding: Embedding  // [V, D]
    let encoder: Encoder
    let decoder: Decoder
    let head: Linear  // [V, D]
    /// 1/√D in version 1.0, else 1.
    let headScale: Float

    func encode(
        _ source: [Int32], into memory: AttentionMemory, beforeLayer: () throws -> Void
    ) throws {
        let z = try encoder(embedding(source), beforeLayer)  // [M, D]
        for (index, layer) in decoder.layers.enumerated() {
            try beforeLayer()
            try layer.crossAttention.remember(z, in: memory, layer: index)
        }
    }

    func decode(
        _ tokens: [Int32], at rows: SequenceRows, _ cache: KVCache,
        lookingAt memories: [AttentionMemory], wanted: [Int], beforeLayer: () throws -> Void
    ) throws -> Tensor {
        var y = try embedding(tokens)  // [N, D]
        for (index, layer) in decoder.layers.enumerated() {
            try beforeLayer()
            y = try layer(
                y, at: rows, cache, lookingAt: memories, layer: index, bias: decoder.bias)
        }
        return try decoder.norm(y.selectingRows(wanted))  // [W, D]
    }

    func logits(_ states: Tensor) throws -> Tensor {
        try head(headScale == 1 ? states : states * headScale)  // [W, V]
    }

    struct Encoder: Sendable {
        /// Of the first layer's table, for all layers.
        let bias: RelativePositionBias
        let layers: [EncoderLayer]
        let norm: RMSNorm  // [D]

        func callAsFunction(_ x: Tensor, _ beforeLayer: () throws -> Void) throws -> Tensor {
            let farthest = x.shape[0] - 1
            let b = bias(-farthest...farthest)
            var x = x
            for layer in layers {
                try beforeLayer()
                x = try layer(x, bias: b)  // [M, D]
            }
            return try norm(x)  // [M, D]
        }
    }

    struct Decoder: Sendable {
        /// Of the first layer's table, for all layers and all places that a sequence has.
        let bias: DistanceBias
        let layers: [DecoderLayer]
        let norm: RMSNorm  // [D]
    }

    /// A block of attention and feed-forward, each normalized before and added to its input.
    ///
    ///     a = x + Attention(RMSNorm(x))
    ///     x' = a + FeedForward(RMSNorm(a))
    struct EncoderLayer: Sendable {
        let attentionNorm: RMSNorm  // [D]
        let attention: Attention
        let feedForwardNorm: RMSNorm  // [D]
        let feedForward: FeedForward

        func callAsFunction(_ x: Tensor, bias: DistanceBias) throws -> Tensor {
            let a = try x + attention(attentionNorm(x), bias: bias)  // [M, D]
            return try a + feedForward(feedForwardNorm(a))  // [M, D]
        }
    }

    /// The same with attention to the source between the two.
    ///
    ///     a = y + Attention(RMSNorm(y))
    ///     c = a + Attention(RMSNorm(a), z)
    ///     y' = c + FeedForward(RMSNorm(c))
    struct DecoderLayer: Sendable {
        let attentionNorm: RMSNorm  // [D]
        let attention: Attention
        let crossAttentionNorm: RMSNorm  // [D]
        let crossAttention: Attention
        let feedForwardNorm: RMSNorm  // [D]
        let feedForward: FeedForward

        func callAsFunction(
            _ y: Tensor, at rows: SequenceRows, _ cache: KVCache,
            lookingAt memories: [AttentionMemory], layer: Int, bias: DistanceBias
        ) throws -> Tensor {
            let a =
                try y
                + attention(attentionNorm(y), at: rows, cache, layer: layer, bias: bias)  // [N, D]
            let c =
                try a
                + crossAttention(
                    crossAttentionNorm(a), lookingAt: memories, layer: layer)  // [N, D]
            return try c + feedForward(feedForwardNorm(c))  // [N, D]
        }
    }

    /// The feed-forward; in version 1.1 gated, Shazeer 2020 (arXiv:2002.05202), section 2.
    ///
    ///     y = f(x·Wᵢ) · Wₒ,  gated  (f(x·Wgate) ⊙ x·Wᵢ) · Wₒ
    struct FeedForward: Sendable {
        let gate: Linear?  // [F, D]
        let input: Linear  // [F, D]
        let activation: Activation
        let output: Linear  // [D, F]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            guard let gate else { return try output(input(x, then: activation)) }  // [N, D]
            let (g, u) = try Linear.apply(gate, input, to: x)  // [N, F]
            return try output(activation.gated(g, u))  // [N, D]
        }
    }
}
