import TensorRuntime

/// MPNet, Song et al. 2020 (arXiv:2004.09297): BERT's blocks without segments, and with an
/// attention bias by the distance of two tokens, the same in every layer.
///
///     x⁰ = LayerNorm(E[tokens] + P[positions])
///     xˡ = Layerˡ(xˡ⁻¹, B)              l = 1 … L
///
/// The letters of the shapes are those of `BertModel`.
struct MPNetModel: Encoder {
    let words: Embedding  // [V, D]
    let positions: Embedding  // [P, D]
    let norm: LayerNorm  // [D]
    let bias: RelativePositionBias
    let layers: [Layer]  // L
    /// Positions count from after the padding token's id.
    let firstPosition: Int32

    func callAsFunction(
        _ batch: TokenBatch, beforeLayer: (Tensor) throws -> Void
    ) throws -> Tensor {
        let places = batch.positions.map { firstPosition + $0 }
        var x = try norm(adding: words(batch.tokens), positions(places))  // [N, D]
        let farthest = max(batch.sequences.lengths.max() ?? 0, 1) - 1
        let b = bias(-farthest...farthest)
        for layer in layers {
            try beforeLayer(x)
            x = try layer(x, batch.sequences, b)  // [N, D]
        }
        return x
    }

    /// A block of attention and feed-forward, each added to its input and normalized after.
    ///
    ///     a = LayerNorm(x + Attention(x, B))
    ///     y = LayerNorm(a + FeedForward(a))
    struct Layer: Sendable {
        let attention: Attention
        let attentionNorm: LayerNorm  // [D]
        let feedForward: BertModel.FeedForward
        let outputNorm: LayerNorm  // [D]

        func callAsFunction(
            _ x: Tensor, _ sequences: PackedSequences, _ bias: DistanceBias
        ) throws -> Tensor {
            let a = try attentionNorm(adding: x, attention(x, sequences, bias))  // [N, D]
            return try outputNorm(adding: a, feedForward(a))  // [N, D]
        }
    }

    /// Attention with a bias by distance, Raffel et al. 2019 (arXiv:1910.10683), section 2.1.
    ///
    ///     y = softmax(x·Wq · (x·Wk)ᵀ / √d + B) · x·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, D]
        let keys: Linear  // [H·d, D]
        let values: Linear  // [H·d, D]
        let output: Linear  // [D, H·d]
        let headSize: Int
        let precision: Precision

        func callAsFunction(
            _ x: Tensor, _ sequences: PackedSequences, _ bias: DistanceBias
        ) throws -> Tensor {
            let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // [N, H·d]
            let y = try encoderAttention(
                queries: q.reshaped(sequences.tokens, -1, headSize),  // [N, H, d]
                keys: k.reshaped(sequences.tokens, -1, headSize),  // [N, H, d]
                values: v.reshaped(sequences.tokens, -1, headSize),  // [N, H, d]
                sequences: sequences, scale: 1 / Float(headSize).squareRoot(),
                bias: bias, precision: precision)  // [N, H·d]
            return try output(y)  // [N, D]
        }
    }
}

// MARK: - Loading

extension MPNetModel {
    init(_ weights: Weights, _ c: MPNetConfiguration, _ precision: Precision) throws {
        let (embeddings, encoder) = (weights["embeddings"], weights["encoder"])
        words = try Embedding(
            embeddings["word_embeddings"], count: c.vocabSize, width: c.hiddenSize)
        positions = try Embedding(
            embeddings["position_embeddings"], count: c.maxPositionEmbeddings,
            width: c.hiddenSize)
        norm = try LayerNorm(
            embeddings["LayerNorm"], width: c.hiddenSize, epsilon: c.layerNormEps)
        bias = try RelativePositionBias(
            encoder["relative_attention_bias"].tensor(
                [c.relativeAttentionNumBuckets, c.numAttentionHeads]),
            maxDistance: MPNetConfiguration.maxDistance, looksBothWays: true)
        layers = try (0..<c.numHiddenLayers).map {
            try Layer(encoder["layer"][$0], c, precision)
        }
        firstPosition = Int32(c.firstPosition)
    }
}

extension MPNetModel.Layer {
    init(_ weights: Weights, _ c: MPNetConfiguration, _ precision: Precision) throws {
        attention = try MPNetModel.Attention(weights["attention"]["attn"], c, precision)
        attentionNorm = try LayerNorm(
            weights["attention"]["LayerNorm"], width: c.hiddenSize, epsilon: c.layerNormEps)
        feedForward = try BertModel.FeedForward(
            input: Linear(
                weights["intermediate"]["dense"], from: c.hiddenSize, to: c.intermediateSize,
                precision: precision),
            activation: c.activation,
            output: Linear(
                weights["output"]["dense"], from: c.intermediateSize, to: c.hiddenSize,
                precision: precision))
        outputNorm = try LayerNorm(
            weights["output"]["LayerNorm"], width: c.hiddenSize, epsilon: c.layerNormEps)
    }
}

extension MPNetModel.Attention {
    init(_ weights: Weights, _ c: MPNetConfiguration, _ precision: Precision) throws {
        let width = c.hiddenSize
        queries = try Linear(weights["q"], from: width, to: width, precision: precision)
        keys = try Linear(weights["k"], from: width, to: width, precision: precision)
        values = try Linear(weights["v"], from: width, to: width, precision: precision)
        output = try Linear(weights["o"], from: width, to: width, precision: precision)
        headSize = width / c.numAttentionHeads
        self.precision = precision
    }
}
