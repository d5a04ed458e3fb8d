import PluginCommon
import TensorRuntime

/// What a layer does with each row alone.
protocol FeedForward: Sendable {
    /// - Parameter x: [N, D].
    /// - Returns: [N, D]
    func callAsFunction(_ x: Tensor) throws -> Tensor
}

/// A gated feed-forward, Shazeer 2020 (arXiv:2002.05202), equation 6: SwiGLU, or GeGLU with GELU's
/// approximation.
///
///     y = (activation(x·Wgateᵀ) ⊙ x·Wupᵀ) · Wdownᵀ
struct GatedFeedForward: FeedForward {
    let gate: Linear  // [F, D]
    let up: Linear  // [F, D]
    let down: Linear  // [D, F]
    let activation: Activation

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let (gate, up) = try Linear.apply(gate, up, to: x)  // [N, F]
        return try down(activation.gated(gate, up))  // [N, D]
    }
}

// MARK: - Loading

extension GatedFeedForward {
    /// Reads `gate_proj`, `up_proj` and `down_proj`.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, activation: Activation = .silu
    ) throws {
        try self.init(
            weights, width: c.hiddenSize, size: c.intermediateSize, activation: activation)
    }

    /// - Parameters:
    ///   - width: D
    ///   - size: F
    init(_ weights: Weights, width: Int, size: Int, activation: Activation = .silu) throws {
        gate = try Linear(weights["gate_proj"], from: width, to: size)
        up = try Linear(weights["up_proj"], from: width, to: size)
        down = try Linear(weights["down_proj"], from: size, to: width)
        self.activation = activation
    }

    /// Reads gate and up from one map, `gate_up_proj`.
    init(
        fused weights: Weights, _ c: DecoderConfiguration, activation: Activation = .silu
    ) throws {
        let parts = try Linear.parts(
            of: weights["gate_up_proj"], from: c.hiddenSize,
            to: [c.intermediateSize, c.intermediateSize])
        (gate, up) = (parts[0], parts[1])
        down = try Linear(weights["down_proj"], from: c.intermediateSize, to: c.hiddenSize)
        self.activation = activation
    }
}
