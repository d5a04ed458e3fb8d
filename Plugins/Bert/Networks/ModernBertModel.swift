import PluginCommon
import TensorRuntime

/// ModernBERT, an encoder of pre-normalized blocks: Warner et al. 2024 (arXiv:2412.13663). Most
/// layers look at a window of the text; every few look at all of it.
///
///     x⁰ = LayerNorm(E[tokens])
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     y  = LayerNorm(xᴸ)
///
/// The letters of the shapes are those of `BertModel`.
struct ModernBertModel: Encoder {
    let words: Embedding  // [V, D]
    let inputNorm: LayerNorm  // [D]
    let layers: [Layer]  // L
    let outputNorm: LayerNorm  // [D]

    func callAsFunction(
        _ batch: TokenBatch, beforeLayer: (Tensor) throws -> Void
    ) throws -> Tensor {
        var x = try inputNorm(words(batch.tokens))  // [N, D]
        let positions = batch.positions
        for layer in layers {
            try beforeLayer(x)
            x = try layer(x, batch.sequences, positions)  // [N, D]
        }
        return try outputNorm(x)  // [N, D]
    }

    /// A block of attention and feed-forward, each normalized before and added to its input. The
    /// first layer's input is normalized already.
    ///
    ///     a = x + Attention(LayerNorm(x))
    ///     y = a + FeedForward(LayerNorm(a))
    struct Layer: Sendable {
        let attentionNorm: LayerNorm?  // [D]
        let attention: Attention
        let feedForwardNorm: LayerNorm  // [D]
        let feedForward: FeedForward

        func callAsFunction(
            _ x: Tensor, _ sequences: PackedSequences, _ positions: [Int32]
        ) throws -> Tensor {
            let h = try attentionNorm.map { try $0(x) } ?? x  // [N, D]
            let a = try x + attention(h, sequences, positions)  // [N, D]
            return try a + feedForward(feedForwardNorm(a))  // [N, D]
        }
    }

    /// Attention over rotated queries and keys, Su et al. 2021 (arXiv:2104.09864), to the tokens of a
    /// window, or to all.
    ///
    ///     y = softmax(rope(x·Wq) · rope(x·Wk)ᵀ / √d) · x·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, D]
        let keys: Linear  // [H·d, D]
        let values: Linear  // [H·d, D]
        let output: Linear  // [D, H·d]
        let rotary: RotaryEmbedding  // [d/2]
        let headSize: Int
        /// Nil for the whole text.
        let window: Int?
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
                scale: 1 / Float(headSize).squareRoot(), window: window,
                precision: precision)  // [N, H·d]
            return try output(y)  // [N, D]
        }
    }

    /// The gated feed-forward, GeGLU by default: Shazeer 2020 (arXiv:2002.05202).
    ///
    ///     y = (gelu(x·Wgate) ⊙ x·Wup) · Wdown
    struct FeedForward: Sendable {
        let gate: Linear  // [F, D]
        let up: Linear  // [F, D]
        let activation: Activation
        let down: Linear  // [D, F]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let (gate, up) = try Linear.apply(gate, up, to: x)  // [N, F]
            return try down(activation.gated(gate, up))  // [N, D]
        }
    }
}

// MARK: - Loading

extension ModernBertModel {
    init(_ weights: Weights, _ c: ModernBertConfiguration, _ precision: Precision) throws {
        let embeddings = weights["embeddings"]
        words = try Embedding(
            embeddings["tok_embeddings"], count: c.vocabSize, width: c.hiddenSize)
        inputNorm = try LayerNorm(
            embeddings["norm"], width: c.hiddenSize, epsilon: c.normEps)
        let headSize = c.hiddenSize / c.numAttentionHeads
        let global = RotaryEmbedding(headSize: headSize, theta: c.globalTheta)
        let local = RotaryEmbedding(headSize: headSize, theta: c.localTheta)
        layers = try (0..<c.numHiddenLayers).map { index in
            try Layer(
                weights["layers"][index], c, index, c.isGlobal(index) ? global : local, precision)
        }
        outputNorm = try LayerNorm(
            weights["final_norm"], width: c.hiddenSize, epsilon: c.normEps)
    }
}

extension ModernBertModel.Layer {
    init(
        _ weights: Weights, _ c: ModernBertConfiguration, _ index: Int,
        _ rotary: RotaryEmbedding, _ precision: Precision
    ) throws {
        attentionNorm =
            try index == 0
            ? nil : LayerNorm(weights["attn_norm"], width: c.hiddenSize, epsilon: c.normEps)
        attention = try ModernBertModel.Attention(
            weights["attn"], c, rotary, window: c.isGlobal(index) ? nil : c.localAttention,
            precision)
        feedForwardNorm = try LayerNorm(
            weights["mlp_norm"], width: c.hiddenSize, epsilon: c.normEps)
        feedForward = try ModernBertModel.FeedForward(weights["mlp"], c, precision)
    }
}

extension ModernBertModel.Attention {
    init(
        _ weights: Weights, _ c: ModernBertConfiguration, _ rotary: RotaryEmbedding,
        window: Int?, _ precision: Precision
    ) throws {
        let width = c.hiddenSize
        let parts = try Linear.parts(
            of: weights["Wqkv"], from: width, to: [width, width, width], precision)
        (queries, keys, values) = (parts[0], parts[1], parts[2])
        output = try Linear(weights["Wo"], from: width, to: width, precision: precision)
        self.rotary = rotary
        headSize = width / c.numAttentionHeads
        self.precision = precision
        self.window = window
    }
}

extension ModernBertModel.FeedForward {
    init(_ weights: Weights, _ c: ModernBertConfiguration, _ precision: Precision) throws {
        let (narrow, wide) = (c.hiddenSize, c.intermediateSize)
        let parts = try Linear.parts(
            of: weights["Wi"], from: narrow, to: [wide, wide], precision)
        (gate, up) = (parts[0], parts[1])
        activation = try c.activation
        down = try Linear(weights["Wo"], from: wide, to: narrow, precision: precision)
    }
}
