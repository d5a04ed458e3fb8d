import TensorRuntime

/// Llama, a decoder of pre-normalized blocks: Touvron et al. 2023 (arXiv:2302.13971, 2307.09288),
/// Grattafiori et al. 2024 (arXiv:2407.21783).
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
///
/// The letters of the shapes:
///
///     N  rows of the batch, of any sequences      H  heads of queries
///     W  rows whose state is wanted               G  heads of keys and values, G divides H
///     V  vocabulary                               d  head size
///     D  hidden size                              F  feed-forward size
struct LlamaModel: Sendable {
    let embedTokens: Embedding  // [V, D]
    let layers: [Layer]  // L
    let norm: RMSNorm  // [D]
    let head: Linear  // [V, D]

    /// The states from which `head` makes logits.
    ///
    /// - Parameters:
    ///   - rows: where in the cache each token stands; the cache has begun a batch with them.
    ///   - wanted: the rows whose states are returned.
    ///   - beforeLayer: is shown what enters each layer, and may throw to end the pass.
    /// - Returns: [W, D]
    func callAsFunction(
        _ tokens: [Int32], at rows: SequenceRows, _ cache: KVCache, wanted: [Int],
        beforeLayer: (Tensor) throws -> Void
    ) throws -> Tensor {
        var x = try embedTokens(tokens)  // [N, D]
        for (index, layer) in layers.enumerated() {
            try beforeLayer(x)
            x = try layer(x, at: rows, cache, layer: index)  // [N, D]
        }
        return try norm(x.selectingRows(wanted))  // [W, D]
    }

    /// A block of attention and feed-forward, each normalized before and added to its input.
    ///
    ///     a = x + Attention(RMSNorm(x))
    ///     y = a + FeedForward(RMSNorm(a))
    struct Layer: Sendable {
        let inputNorm: RMSNorm  // [D]
        let attention: Attention
        let postAttentionNorm: RMSNorm  // [D]
        let feedForward: FeedForward

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
        ) throws -> Tensor {
            let a = try x + attention(inputNorm(x), at: rows, cache, layer: layer)  // [N, D]
            return try a + feedForward(postAttentionNorm(a))  // [N, D]
        }
    }

    /// Grouped-query attention, Ainslie et al. 2023 (arXiv:2305.13245), over rotated queries and
    /// keys, Su et al. 2021 (arXiv:2104.09864).
    ///
    ///     y = softmax(rope(x·Wq) · rope(x·Wk)ᵀ / √d) · x·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, D]
        let keys: Linear  // [G·d, D]
        let values: Linear  // [G·d, D]
        let output: Linear  // [D, H·d]
        let rotary: RotaryEmbedding  // [d/2]
        let headSize: Int

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
        ) throws -> Tensor {
            let heads = try Linear.apply(queries, keys, values, to: x)  // [N, H·d], 2 of [N, G·d]
            var q = try heads.0.reshaped(rows.count, -1, headSize)  // [N, H, d]
            var k = try heads.1.reshaped(rows.count, -1, headSize)  // [N, G, d]
            let v = try heads.2.reshaped(rows.count, -1, headSize)  // [N, G, d]
            try rotary.apply(&q, positions: rows.positions)
            try rotary.apply(&k, positions: rows.positions)
            let y = try TensorRuntime.attention(
                queries: q, keys: k, values: v, cache: cache, layer: layer, rows: rows,
                scale: 1 / Float(headSize).squareRoot())  // [N, H·d]
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

extension LlamaModel {
    init(_ weights: Weights, _ c: LlamaConfiguration) throws {
        let model = weights["model"]
        let rotary = try RotaryEmbedding(model["rotary_emb"], c)
        embedTokens = try Embedding(
            model["embed_tokens"], count: c.vocabSize, width: c.hiddenSize)
        layers = try (0..<c.numHiddenLayers).map { try Layer(model["layers"][$0], c, rotary) }
        norm = try RMSNorm(model["norm"], width: c.hiddenSize, epsilon: c.rmsNormEps)
        head =
            try c.isTied
            ? embedTokens.asLinear
            : Linear(weights["lm_head"], from: c.hiddenSize, to: c.vocabSize)
        // Some tied checkpoints store the head a second time.
        if c.isTied { weights.ignore("lm_head.weight") }
        try weights.requireAllRead()
    }
}

extension LlamaModel.Layer {
    init(_ weights: Weights, _ c: LlamaConfiguration, _ rotary: RotaryEmbedding) throws {
        inputNorm = try RMSNorm(
            weights["input_layernorm"], width: c.hiddenSize, epsilon: c.rmsNormEps)
        attention = try LlamaModel.Attention(weights["self_attn"], c, rotary)
        postAttentionNorm = try RMSNorm(
            weights["post_attention_layernorm"], width: c.hiddenSize, epsilon: c.rmsNormEps)
        feedForward = try LlamaModel.FeedForward(weights["mlp"], c)
    }
}

extension LlamaModel.Attention {
    init(_ weights: Weights, _ c: LlamaConfiguration, _ rotary: RotaryEmbedding) throws {
        let wide = c.numAttentionHeads * c.headSize
        let narrow = c.keyValueHeads * c.headSize
        queries = try Linear(weights["q_proj"], from: c.hiddenSize, to: wide)
        keys = try Linear(weights["k_proj"], from: c.hiddenSize, to: narrow)
        values = try Linear(weights["v_proj"], from: c.hiddenSize, to: narrow)
        output = try Linear(weights["o_proj"], from: wide, to: c.hiddenSize)
        self.rotary = rotary
        headSize = c.headSize
    }
}

extension LlamaModel.FeedForward {
    init(_ weights: Weights, _ c: LlamaConfiguration) throws {
        gate = try Linear(weights["gate_proj"], from: c.hiddenSize, to: c.intermediateSize)
        up = try Linear(weights["up_proj"], from: c.hiddenSize, to: c.intermediateSize)
        down = try Linear(weights["down_proj"], from: c.intermediateSize, to: c.hiddenSize)
    }
}

extension RotaryEmbedding {
    /// The frequencies that the configuration asks for, divided by the checkpoint's own divisors
    /// where it has some.
    fileprivate convenience init(_ weights: Weights, _ c: LlamaConfiguration) throws {
        let plain = RotaryEmbedding(headSize: c.headSize, theta: c.theta).frequencies
        var frequencies = c.scaled(plain)
        if weights.has("divisors") {
            let divisors = try dequantize(weights.tensor("divisors", [c.headSize / 2])).floats
            frequencies = zip(frequencies, divisors).map { $0 / $1 }
        }
        self.init(headSize: c.headSize, frequencies: frequencies)
    }
}
