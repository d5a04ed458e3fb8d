import TensorRuntime

/// BERT, an encoder of post-normalized blocks: Devlin et al. 2018 (arXiv:1810.04805).
///
///     x⁰ = Embeddings(tokens)
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///
/// RoBERTa (Liu et al. 2019, arXiv:1907.11692) and XLM-R (Conneau et al. 2019, arXiv:1911.02116) are
/// the same network, and DistilBERT (Sanh et al. 2019, arXiv:1910.01108) is it without segments.
///
/// The letters of the shapes:
///
///     N  tokens of the batch, of any texts      H  heads
///     V  vocabulary                             d  head size, H·d = D
///     P  positions                              F  feed-forward size
///     S  segments                               D  hidden size
struct BertModel: Encoder {
    let embeddings: Embeddings
    let layers: [Layer]  // L

    func callAsFunction(
        _ batch: TokenBatch, beforeLayer: (Tensor) throws -> Void
    ) throws -> Tensor {
        var x = try embeddings(batch)  // [N, D]
        for layer in layers {
            try beforeLayer(x)
            x = try layer(x, batch.sequences)  // [N, D]
        }
        return x
    }

    /// The sum of a token's identity, its position and its part of a pair.
    ///
    ///     x = LayerNorm(E[tokens] + P[positions] + S[segments])
    struct Embeddings: Sendable {
        let words: Embedding  // [V, D]
        let positions: Embedding  // [P, D]
        let segments: Embedding?  // [S, D]
        let norm: LayerNorm  // [D]
        /// RoBERTa counts from after its padding token's id.
        let firstPosition: Int32

        func callAsFunction(_ batch: TokenBatch) throws -> Tensor {
            let places = batch.positions.map { firstPosition + $0 }
            var x = try words(batch.tokens) + positions(places)  // [N, D]
            if let segments { x = try x + segments(batch.segments) }  // [N, D]
            return try norm(x)  // [N, D]
        }
    }

    /// A block of attention and feed-forward, each added to its input and normalized after.
    ///
    ///     a = LayerNorm(x + Attention(x))
    ///     y = LayerNorm(a + FeedForward(a))
    struct Layer: Sendable {
        let attention: Attention
        let attentionNorm: LayerNorm  // [D]
        let feedForward: FeedForward
        let outputNorm: LayerNorm  // [D]

        func callAsFunction(_ x: Tensor, _ sequences: PackedSequences) throws -> Tensor {
            let a = try attentionNorm(adding: x, attention(x, sequences))  // [N, D]
            return try outputNorm(adding: a, feedForward(a))  // [N, D]
        }
    }

    /// Attention of every token to its whole text, Vaswani et al. 2017 (arXiv:1706.03762).
    ///
    ///     y = softmax(x·Wq · (x·Wk)ᵀ / √d) · x·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, D]
        let keys: Linear  // [H·d, D]
        let values: Linear  // [H·d, D]
        let output: Linear  // [D, H·d]
        let headSize: Int
        let precision: Precision

        func callAsFunction(_ x: Tensor, _ sequences: PackedSequences) throws -> Tensor {
            let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // [N, H·d]
            let y = try encoderAttention(
                queries: q.reshaped(sequences.tokens, -1, headSize),  // [N, H, d]
                keys: k.reshaped(sequences.tokens, -1, headSize),  // [N, H, d]
                values: v.reshaped(sequences.tokens, -1, headSize),  // [N, H, d]
                sequences: sequences, scale: 1 / Float(headSize).squareRoot(),
                precision: precision)  // [N, H·d]
            return try output(y)  // [N, D]
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

// MARK: - Loading

extension BertModel {
    init(_ weights: Weights, _ c: BertConfiguration, _ precision: Precision) throws {
        embeddings = try Embeddings(weights["embeddings"], c)
        let layers = weights["encoder"]["layer"]
        self.layers = try (0..<c.numHiddenLayers).map { try Layer(layers[$0], c, precision) }
    }
}

extension BertModel.Embeddings {
    init(_ weights: Weights, _ c: BertConfiguration) throws {
        words = try Embedding(
            weights["word_embeddings"], count: c.vocabSize, width: c.hiddenSize)
        positions = try Embedding(
            weights["position_embeddings"], count: c.maxPositionEmbeddings, width: c.hiddenSize)
        segments =
            try c.typeVocabSize == 0
            ? nil
            : Embedding(
                weights["token_type_embeddings"], count: c.typeVocabSize, width: c.hiddenSize)
        norm = try LayerNorm(
            weights["LayerNorm"], width: c.hiddenSize, epsilon: c.layerNormEps)
        firstPosition = Int32(c.firstPosition)
    }
}

extension BertModel.Layer {
    init(_ weights: Weights, _ c: BertConfiguration, _ precision: Precision) throws {
        attention = try BertModel.Attention(weights["attention"], c, precision)
        attentionNorm = try LayerNorm(
            weights["attention"]["output"]["LayerNorm"], width: c.hiddenSize,
            epsilon: c.layerNormEps)
        feedForward = try BertModel.FeedForward(weights, c, precision)
        outputNorm = try LayerNorm(
            weights["output"]["LayerNorm"], width: c.hiddenSize, epsilon: c.layerNormEps)
    }
}

extension BertModel.Attention {
    init(_ weights: Weights, _ c: BertConfiguration, _ precision: Precision) throws {
        let heads = weights["self"]
        let width = c.hiddenSize
        queries = try Linear(heads["query"], from: width, to: width, precision: precision)
        keys = try Linear(heads["key"], from: width, to: width, precision: precision)
        values = try Linear(heads["value"], from: width, to: width, precision: precision)
        output = try Linear(
            weights["output"]["dense"], from: width, to: width, precision: precision)
        headSize = width / c.numAttentionHeads
        self.precision = precision
    }
}

extension BertModel.FeedForward {
    init(_ weights: Weights, _ c: BertConfiguration, _ precision: Precision) throws {
        input = try Linear(
            weights["intermediate"]["dense"], from: c.hiddenSize, to: c.intermediateSize,
            precision: precision)
        activation = try c.activation
        output = try Linear(
            weights["output"]["dense"], from: c.intermediateSize, to: c.hiddenSize,
            precision: precision)
    }
}
