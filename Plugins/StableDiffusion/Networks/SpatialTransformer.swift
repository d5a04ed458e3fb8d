import TensorRuntime

/// The rows that pixels attend to: the states of the texts of a batch.
struct TextStates: Sendable {
    let states: Tensor  // [N·L, X]
    let sequences: PackedSequences

    /// - Parameter texts: [L, X] each, one for each image.
    init(_ texts: [Tensor]) throws {
        states = try Tensor(joining: texts)
        sequences = PackedSequences(lengths: texts.map { $0.shape[0] })
    }
}

/// The UNet's attention, among pixels and from pixels to the text: Rombach et al. 2021
/// (arXiv:2112.10752), section 3.3 and appendix E.2.1, as diffusers' `Transformer2DModel`.
///
/// The letters: N images of P pixels, C channels, H heads of size d with H·d = C, L tokens of X numbers,
/// F the feed-forward size.
struct SpatialTransformer: Sendable {
    let norm: GroupNorm  // [C]
    let input: Linear  // [C, C]
    let blocks: [Block]
    let output: Linear  // [C, C]

    /// - Parameter x: [N, H, W, C].
    func callAsFunction(_ x: Tensor, _ text: TextStates) throws -> Tensor {
        let pixels = PackedSequences(
            lengths: Array(repeating: x.shape[1] * x.shape[2], count: x.shape[0]))
        var y = try input(norm(x).reshaped(-1, x.width))  // [N·P, C]
        for block in blocks { y = try block(y, pixels, text) }  // [N·P, C]
        return try x
            + output(y).reshaped(x.shape[0], x.shape[1], x.shape[2], x.width)  // [N, H, W, C]
    }

    ///     a = x + Attention(Norm(x));  b = a + Attention(Norm(a), text);  y = b + FeedForward(Norm(b))
    struct Block: Sendable {
        let selfNorm: LayerNorm  // [C]
        let selfAttention: Attention
        let textNorm: LayerNorm  // [C]
        let textAttention: Attention
        let feedForwardNorm: LayerNorm  // [C]
        let feedForward: FeedForward

        func callAsFunction(
            _ x: Tensor, _ pixels: PackedSequences, _ text: TextStates
        ) throws -> Tensor {
            let inner = try selfNorm(x)  // [N·P, C]
            let a = try x + selfAttention(inner, pixels, to: inner, pixels)  // [N·P, C]
            let b =
                try a
                + textAttention(textNorm(a), pixels, to: text.states, text.sequences)  // [N·P, C]
            return try b + feedForward(feedForwardNorm(b))  // [N·P, C]
        }
    }

    /// Attention of rows to others, Vaswani et al. 2017 (arXiv:1706.03762).
    ///
    ///     y = softmax(x·Wq · (m·Wk)ᵀ / √d) · m·Wv · Wo
    struct Attention: Sendable {
        let queries: Linear  // [H·d, C]
        let keys: Linear  // [H·d, C or X]
        let values: Linear  // [H·d, C or X]
        let output: Linear  // [C, H·d]
        let headSize: Int
        let precision: Precision

        func callAsFunction(
            _ x: Tensor, _ sequences: PackedSequences, to memory: Tensor,
            _ memories: PackedSequences
        ) throws -> Tensor {
            let q = try queries(x)  // [N·P, H·d]
            let (k, v) = try Linear.apply(keys, values, to: memory)  // [M, H·d]
            let mixed = try crossAttention(
                queries: q.reshaped(x.shape[0], -1, headSize),
                keys: k.reshaped(memory.shape[0], -1, headSize),
                values: v.reshaped(memory.shape[0], -1, headSize), sequences: sequences,
                memories: memories, scale: 1 / Float(headSize).squareRoot(),
                precision: precision)  // [N·P, H·d]
            return try output(mixed)  // [N·P, C]
        }
    }

    /// The gated feed-forward, Shazeer 2020 (arXiv:2002.05202), equation 6.
    ///
    ///     y = (x·Wu ⊙ gelu(x·Wg))·Wd
    struct FeedForward: Sendable {
        let up: Linear  // [F, C]
        let gate: Linear  // [F, C]
        let down: Linear  // [C, F]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let (u, g) = try Linear.apply(up, gate, to: x)  // [N·P, F]
            return try down(geglu(g, u))  // [N·P, C]
        }
    }
}

// MARK: - Loading

extension SpatialTransformer {
    /// The widths of one level of the UNet.
    struct Widths {
        let channels: Int
        let heads: Int
        let text: Int
    }

    init(
        _ weights: Weights, _ widths: Widths, blocks count: Int, groups: Int, isLinear: Bool,
        _ precision: Precision
    ) throws {
        norm = try GroupNorm(
            weights["norm"], channels: widths.channels, groups: groups, epsilon: 1e-6)
        input = try Linear(weights["proj_in"], pixels: widths.channels, isLinear, precision)
        blocks = try (0..<count).map {
            try Block(weights["transformer_blocks"][$0], widths, precision)
        }
        output = try Linear(weights["proj_out"], pixels: widths.channels, isLinear, precision)
    }
}

extension Linear {
    /// A map of each pixel, which early checkpoints store as a convolution of 1 × 1.
    fileprivate init(
        _ weights: Weights, pixels width: Int, _ isLinear: Bool, _ precision: Precision
    ) throws {
        let shape = isLinear ? [width, width] : [width, width, 1, 1]
        try self.init(
            weights.tensor(shape).reshaped(width, width), bias: weights.tensor("bias", [width]),
            precision: precision)
    }
}

extension SpatialTransformer.Block {
    init(
        _ weights: Weights, _ widths: SpatialTransformer.Widths, _ precision: Precision
    ) throws {
        func norm(_ name: String) throws -> LayerNorm {
            try LayerNorm(weights[name], width: widths.channels, epsilon: 1e-5)
        }
        selfNorm = try norm("norm1")
        selfAttention = try SpatialTransformer.Attention(
            weights["attn1"], widths, memory: widths.channels, precision)
        textNorm = try norm("norm2")
        textAttention = try SpatialTransformer.Attention(
            weights["attn2"], widths, memory: widths.text, precision)
        feedForwardNorm = try norm("norm3")
        feedForward = try SpatialTransformer.FeedForward(
            weights["ff"]["net"], widths.channels, precision)
    }
}

extension SpatialTransformer.Attention {
    init(
        _ weights: Weights, _ widths: SpatialTransformer.Widths, memory: Int,
        _ precision: Precision
    ) throws {
        func map(_ weights: Weights, from: Int) throws -> Linear {
            try Linear(weights, from: from, to: widths.channels, precision: precision)
        }
        queries = try map(weights["to_q"], from: widths.channels)
        keys = try map(weights["to_k"], from: memory)
        values = try map(weights["to_v"], from: memory)
        output = try map(weights["to_out"][0], from: widths.channels)
        headSize = widths.channels / widths.heads
        self.precision = precision
    }
}

extension SpatialTransformer.FeedForward {
    /// The first map holds both, one after the other.
    init(_ weights: Weights, _ width: Int, _ precision: Precision) throws {
        let inner = 4 * width
        let weight = try weights[0]["proj"].tensor([2 * inner, width])
        let bias = try weights[0]["proj"].tensor("bias", [2 * inner])
        func part(_ rows: Range<Int>) throws -> Linear {
            try Linear(weight.rows(rows), bias: bias.rows(rows), precision: precision)
        }
        up = try part(0..<inner)
        gate = try part(inner..<2 * inner)
        down = try Linear(weights[2], from: inner, to: width, precision: precision)
    }
}
