import TensorRuntime

/// A feed-forward of two maps, Vaswani et al. 2017 (arXiv:1706.03762), equation 2.
///
///     y = activation(x·Wupᵀ + bup) · Wdownᵀ + bdown
struct PlainFeedForward: FeedForward {
    let up: Linear  // [F, D]
    let down: Linear  // [D, F]
    let activation: Activation

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try down(up(x, then: activation))  // [N, D]
    }
}

// MARK: - Loading

extension PlainFeedForward {
    /// Reads `up_proj` and `down_proj`.
    init(_ weights: Weights, _ c: DecoderConfiguration, activation: Activation) throws {
        up = try Linear(weights["up_proj"], from: c.hiddenSize, to: c.intermediateSize)
        down = try Linear(weights["down_proj"], from: c.intermediateSize, to: c.hiddenSize)
        self.activation = activation
    }
}
