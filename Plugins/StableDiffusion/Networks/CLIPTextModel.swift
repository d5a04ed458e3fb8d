import TensorRuntime

/// CLIP's text encoder, a stack of pre-normalized causal blocks: Radford et al. 2021
/// (arXiv:2103.00020), section 2.4.
///
///     x⁰ = T[tokens] + P[0 …];  xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … K
///
/// The letters of the shapes:
///
///     L  tokens of the text      H  heads
///     V  vocabulary              d  head size, H·d = D
///     D  hidden size             F  feed-forward size
struct CLIPTextModel: Sendable {
    let tokens: Embedding  // [V, D]
    let positions: Embedding  // [positions, D]
    let layers: [Layer]  // K
    let norm: LayerNorm  // [D]
    let mask: DistanceBias  // [H, distances]

    /// - Parameters:
    ///   - ids: of one text.
    ///   - skipping: how many of the last layers are skipped; the last norm is applied all the same.
    /// - Returns: [L, D].
    func callAsFunction(_ ids: [Int32], skipping: Int = 0) throws -> Tensor {
        var x = try tokens(ids) + positions(Array(0..<Int32(ids.count)))  // [L, D]
        for layer in layers.dropLast(skipping) { x = try layer(x, mask) }  // [L, D]
        return try norm(x)  // [L, D]
    }

    /// A block of attention and feed-forward, each normalized before and added to its input.
    ///
    ///     a = x + Attention(LayerNorm(x));  y = a + FeedForward(LayerNorm(a))
    struct Layer: Sendable {
        let attentionNorm: LayerNorm  // [D]
        let attention: Attention
        let feedForwardNorm: LayerNorm  // [D]
        let feedForward: FeedForward

        func callAsFunction(_ x: Tensor, _ mask: DistanceBias) throws -> Tensor {
            let a = try x + attention(attentionNorm(x), mask)  // [L, D]
            return try a + feedForward(feedForwardNorm(a))  // [L, D]
        }
    }

    /// Attention of every token to those before it and itself, Vaswani et al. 2017 (arXiv:1706.03762).
    ///
    ///     y = softmax(x·Wq · (x·Wk)ᵀ / √d + mask) · x·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, D]
        let keys: Linear  // [H·d, D]
        let values: Linear  // [H·d, D]
        let output: Linear  // [D, H·d]
        let headSize: Int

        func callAsFunction(_ x: Tensor, _ mask: DistanceBias) throws -> Tensor {
            let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // [L, H·d]
            let mixed = try encoderAttention(
                queries: q.reshaped(x.shape[0], -1, headSize),
                keys: k.reshaped(x.shape[0], -1, headSize),
                values: v.reshaped(x.shape[0], -1, headSize),
                sequences: PackedSequences(lengths: [x.shape[0]]),
                scale: 1 / Float(headSize).squareRoot(), bias: mask)  // [L, H·d]
            return try output(mixed)  // [L, D]
        }
    }

    ///     y = f(x·W₁)·W₂
    struct FeedForward: Sendable {
        let up: Linear  // [F, D]
        let down: Linear  // [D, F]
        let activation: Activation

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try down(up(x, then: activation))  // [L, D]
        }
    }
}

// MARK: - Loading

extension CLIPTextModel {
    init(_ weights: Weights, _ c: CLIPTextConfiguration, _ precision: Precision) throws {
        let embeddings = weights["embeddings"]
        let width = c.hiddenSize
        tokens = try Embedding(
            embeddings["token_embedding"], count: c.vocabSize, width: width)
        positions = try Embedding(
            embeddings["position_embedding"], count: c.maxPositionEmbeddings, width: width)
        layers = try (0..<c.numHiddenLayers).map { index in
            try Layer(weights["encoder"]["layers"][index], c, precision)
        }
        norm = try LayerNorm(weights["final_layer_norm"], width: width, epsilon: c.epsilon)
        mask = Self.mask(heads: c.numAttentionHeads, length: c.maxPositionEmbeddings)
    }

    /// -∞ for what comes later.
    private static func mask(heads: Int, length: Int) -> DistanceBias {
        DistanceBias(heads: heads, distances: (1 - length)...(length - 1)) { _, distance in
            distance > 0 ? -.infinity : 0
        }
    }
}

extension CLIPTextModel.Layer {
    init(_ weights: Weights, _ c: CLIPTextConfiguration, _ precision: Precision) throws {
        attentionNorm = try LayerNorm(
            weights["layer_norm1"], width: c.hiddenSize, epsilon: c.epsilon)
        attention = try CLIPTextModel.Attention(weights["self_attn"], c, precision)
        feedForwardNorm = try LayerNorm(
            weights["layer_norm2"], width: c.hiddenSize, epsilon: c.epsilon)
        feedForward = try CLIPTextModel.FeedForward(weights["mlp"], c, precision)
    }
}

extension CLIPTextModel.Attention {
    init(_ weights: Weights, _ c: CLIPTextConfiguration, _ precision: Precision) throws {
        func map(_ name: String) throws -> Linear {
            try Linear(
                weights[name], from: c.hiddenSize, to: c.hiddenSize, precision: precision)
        }
        queries = try map("q_proj")
        keys = try map("k_proj")
        values = try map("v_proj")
        output = try map("out_proj")
        headSize = c.hiddenSize / c.numAttentionHeads
    }
}

extension CLIPTextModel.FeedForward {
    init(_ weights: Weights, _ c: CLIPTextConfiguration, _ precision: Precision) throws {
        up = try Linear(
            weights["fc1"], from: c.hiddenSize, to: c.intermediateSize, precision: precision)
        down = try Linear(
            weights["fc2"], from: c.intermediateSize, to: c.hiddenSize, precision: precision)
        activation = try c.activation
    }
}
