import PluginCommon
import TensorRuntime

/// NomicBERT, Nussbaum et al. 2024 (arXiv:2402.01613): BERT's post-normalized blocks with rotary
/// positions in place of a table, SwiGLU in place of GELU, and no biases in its maps.
///
///     x⁰ = LayerNorm(E[tokens] + S[segments])
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///
/// The letters of the shapes are those of `BertModel`.
struct NomicBertModel: Encoder {
    let words: Embedding  // [V, D]
    let segments: Embedding?  // [S, D]
    let norm: LayerNorm  // [D]
    let layers: [Layer]  // L

    func callAsFunction(
        _ batch: TokenBatch, beforeLayer: (Tensor) throws -> Void
    ) throws -> Tensor {
        var x = try words(batch.tokens)  // [N, D]
        if let segments { x = try x + segments(batch.segments) }  // [N, D]
        x = try norm(x)  // [N, D]
        let positions = batch.positions
        for layer in layers {
            try beforeLayer(x)
            x = try layer(x, batch.sequences, positions)  // [N, D]
        }
        return x
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

        func callAsFunction(
            _ x: Tensor, _ sequences: PackedSequences, _ positions: [Int32]
        ) throws -> Tensor {
            let a = try attentionNorm(adding: x, attention(x, sequences, positions))  // [N, D]
            return try outputNorm(adding: a, feedForward(a))  // [N, D]
        }
    }

    /// Attention over rotated queries and keys, Su et al. 2021 (arXiv:2104.09864).
    ///
    ///     y = softmax(rope(x·Wq) · rope(x·Wk)ᵀ / √d) · x·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, D]
        let keys: Linear  // [H·d, D]
        let values: Linear  // [H·d, D]
        let output: Linear  // [D, H·d]
        let rotary: RotaryEmbedding  // [d/2]
        let headSize: Int
        let precision: Precision

        func callAsFunction(
            _ x: Tensor, _ sequences: PackedSequences, _ positions: [Int32]
        ) throws -> Tensor {
            let heads = try Linear.apply(queries, keys, values, to: x)  // [N, H·d]
            var q = try heads.0.reshaped(sequences.tokens, -1, headSize)  // [N, H, d]
            var k = try heads.1.reshaped(sequences.tokens, -1, headSize)  // [N, H, d]
            let v = try heads.2.reshaped(sequences.tokens, -1, headSize)  // [N, H, d]
            try rotary.apply(&q, positions: positions)
            try rotary.apply(&k, positions: positions)
            let y = try encoderAttention(
                queries: q, keys: k, values: v, sequences: sequences,
                scale: 1 / Float(headSize).squareRoot(), precision: precision)  // [N, H·d]
            return try output(y)  // [N, D]
        }
    }

    /// The SwiGLU feed-forward, Shazeer 2020 (arXiv:2002.05202), equation 6.
    ///
    ///     y = (silu(x·Wgate) ⊙ x·Wup) · Wdown
    struct FeedForward: Sendable {
        let gate: Linear  // [F, D]
        let up: Linear  // [F, D]
        let down: Linear  // [D, F]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let (gate, up) = try Linear.apply(gate, up, to: x)  // [N, F]
            return try down(swiglu(gate, up))  // [N, D]
        }
    }
}

// MARK: - Loading

extension NomicBertModel {
    init(_ weights: Weights, _ c: NomicBertConfiguration, _ precision: Precision) throws {
        let embeddings = weights["embeddings"]
        words = try Embedding(
            embeddings["word_embeddings"], count: c.vocabSize, width: c.hiddenSize)
        segments =
            try c.typeVocabSize == 0
            ? nil
            : Embedding(
                embeddings["token_type_embeddings"], count: c.typeVocabSize, width: c.hiddenSize)
        norm = try LayerNorm(weights["emb_ln"], width: c.hiddenSize, epsilon: c.layerNormEps)
        let rotary = RotaryEmbedding(
            headSize: c.hiddenSize / c.numAttentionHeads, theta: c.ropeTheta)
        layers = try (0..<c.numHiddenLayers).map {
            try Layer(weights["encoder"]["layers"][$0], c, rotary, precision)
        }
    }
}

extension NomicBertModel.Layer {
    init(
        _ weights: Weights, _ c: NomicBertConfiguration, _ rotary: RotaryEmbedding,
        _ precision: Precision
    ) throws {
        attention = try NomicBertModel.Attention(weights["attn"], c, rotary, precision)
        attentionNorm = try LayerNorm(
            weights["norm1"], width: c.hiddenSize, epsilon: c.layerNormEps)
        feedForward = try NomicBertModel.FeedForward(weights["mlp"], c, precision)
        outputNorm = try LayerNorm(weights["norm2"], width: c.hiddenSize, epsilon: c.layerNormEps)
    }
}

extension NomicBertModel.Attention {
    init(
        _ weights: Weights, _ c: NomicBertConfiguration, _ rotary: RotaryEmbedding,
        _ precision: Precision
    ) throws {
        let width = c.hiddenSize
        let parts = try Linear.parts(
            of: weights["Wqkv"], from: width, to: [width, width, width], precision)
        (queries, keys, values) = (parts[0], parts[1], parts[2])
        output = try Linear(weights["out_proj"], from: width, to: width, precision: precision)
        self.rotary = rotary
        headSize = width / c.numAttentionHeads
        self.precision = precision
    }
}

extension NomicBertModel.FeedForward {
    init(_ weights: Weights, _ c: NomicBertConfiguration, _ precision: Precision) throws {
        let (narrow, wide) = (c.hiddenSize, c.intermediateSize)
        gate = try Linear(weights["fc12"], from: narrow, to: wide, precision: precision)
        up = try Linear(weights["fc11"], from: narrow, to: wide, precision: precision)
        down = try Linear(weights["fc2"], from: wide, to: narrow, precision: precision)
    }
}
