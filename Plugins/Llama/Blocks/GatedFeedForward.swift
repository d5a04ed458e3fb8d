import TensorRuntime

/// The SwiGLU feed-forward, Shazeer 2020 (arXiv:2002.05202), equation 6.
///
///     y = (silu(x·Wgateᵀ) ⊙ x·Wupᵀ) · Wdownᵀ
struct GatedFeedForward: Sendable {
    let gate: Linear  // [F, D]
    let up: Linear  // [F, D]
    let down: Linear  // [D, F]

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let (gate, up) = try Linear.apply(gate, up, to: x)  // [N, F]
        return try down(swiglu(gate, up))  // [N, D]
    }
}

// MARK: - Loading

extension GatedFeedForward {
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        gate = try Linear(weights["gate_proj"], from: c.hiddenSize, to: c.intermediateSize)
        up = try Linear(weights["up_proj"], from: c.hiddenSize, to: c.intermediateSize)
        down = try Linear(weights["down_proj"], from: c.intermediateSize, to: c.hiddenSize)
    }
}
