import TensorRuntime

/// BART, BERT's encoder before a decoder of the same blocks: Lewis et al. 2019 (arXiv:1910.13461).
///
///     x⁰ = LayerNorm(E[source] + P[places])     xˡ = EncoderLayerˡ(xˡ⁻¹)      z = xᴸ
///     y⁰ = LayerNorm(E[tokens] + P'[places])    yˡ = DecoderLayerˡ(yˡ⁻¹, z)   s = yᴸ
///     logits = s · Eᵀ + b
///
/// The letters of the shapes:
///
///     M  tokens of the source                     H  heads
///     N  rows of the batch, of any sequences      d  head size, H·d = D
///     W  rows whose state is wanted               F  feed-forward size
///     V  vocabulary                               D  hidden size
///     P  positions, and two more
struct BartModel: EncoderDecoder {
    let encoderEmbeddings: Embeddings
    let encoderLayers: [EncoderLayer]
    let decoderEmbeddings: Embeddings
    let decoderLayers: [DecoderLayer]
    let head: Linear  // [V, D]

    func encode(
        _ source: [Int32], into memory: AttentionMemory, beforeLayer: () throws -> Void
    ) throws {
        var x = try encoderEmbeddings(source, at: (0..<source.count).map { Int32($0) })  // [M, D]
        for layer in encoderLayers {
            try beforeLayer()
            x = try layer(x)  // [M, D]
        }
        for (index, layer) in decoderLayers.enumerated() {
            try beforeLayer()
            try layer.crossAttention.remember(x, in: memory, layer: index)
        }
    }

    func decode(
        _ tokens: [Int32], at rows: SequenceRows, _ cache: KVCache,
        lookingAt memories: [AttentionMemory], wanted: [Int], beforeLayer: () throws -> Void
    ) throws -> Tensor {
        var y = try decoderEmbeddings(tokens, at: rows.positions)  // [N, D]
        for (index, layer) in decoderLayers.enumerated() {
            try beforeLayer()
            y = try layer(y, at: rows, cache, lookingAt: memories, layer: index)  // [N, D]
        }
        return try y.selectingRows(wanted)  // [W, D]
    }

    func logits(_ states: Tensor) throws -> Tensor {
        try head(states)  // [W, V]
    }

    /// The sum of a token's identity and its position; some models scale the former by √D.
    ///
    ///     x = LayerNorm(E[tokens] · scale + P[places])
    struct Embeddings: Sendable {
        let words: Embedding  // [V, D]
        let positions: Embedding  // [P, D]
        let norm: LayerNorm  // [D]
        let scale: Float

        func callAsFunction(_ tokens: [Int32], at places: [Int32]) throws -> Tensor {
            let first = Int32(BartConfiguration.firstPosition)
            let e = try words(tokens)  // [N, D]
            return try norm(
                adding: positions(places.map { first + $0 }), scale == 1 ? e : e * scale)  // [N, D]
        }
    }

    /// A block of attention and feed-forward, each added to its input and normalized after.
    ///
    ///     a = LayerNorm(x + Attention(x))
    ///     x' = LayerNorm(a + FeedForward(a))
    struct EncoderLayer: Sendable {
        let attention: Attention
        let attentionNorm: LayerNorm  // [D]
        let feedForward: FeedForward
        let outputNorm: LayerNorm  // [D]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let a = try attentionNorm(adding: x, attention(x))  // [M, D]
            return try outputNorm(adding: a, feedForward(a))  // [M, D]
        }
    }

    /// The same with attention to the source between the two.
    ///
    ///     a = LayerNorm(y + Attention(y))
    ///     c = LayerNorm(a + Attention(a, z))
    ///     y' = LayerNorm(c + FeedForward(c))
    struct DecoderLayer: Sendable {
        let attention: Attention
        let attentionNorm: LayerNorm  // [D]
        let crossAttention: Attention
        let crossAttentionNorm: LayerNorm  // [D]
        let feedForward: FeedForward
        let outputNorm: LayerNorm  // [D]

        func callAsFunction(
            _ y: Tensor, at rows: SequenceRows, _ cache: KVCache,
            lookingAt memories: [AttentionMemory], layer: Int
        ) throws -> Tensor {
            let a = try attentionNorm(
                adding: y, attention(y, at: rows, cache, layer: layer))  // [N, D]
            let c = try crossAttentionNorm(
                adding: a, crossAttention(a, lookingAt: memories, layer: layer))  // [N, D]
            return try outputNorm(adding: c, feedForward(c))  // [N, D]
        }
    }

    /// The feed-forward, with GELU (Hendrycks and Gimpel 2016, arXiv:1606.08415) by default.
    ///
    ///     y = gelu(x·W₁ + b₁) · W₂ + b₂
    struct FeedForward: Sendable {
        let input: Linear  // [F, D]
        let activation: Activation
        let output: Linear  // [D, F]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try output(input(x, then: activation))  // [N, D]
        }
    }
}
