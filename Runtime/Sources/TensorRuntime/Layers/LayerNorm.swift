import CKernels

/// Layer normalization, Ba et al. 2016 (arXiv:1607.06450), equation 4.
///
///     y = (x - mean x) / sqrt(variance x + ε) ⊙ w + b
public struct LayerNorm: Sendable {
    private let weight: Tensor  // [D]
    private let bias: Tensor?  // [D]
    private let epsilon: Float

    /// - Parameters:
    ///   - weight: [D], of any element type.
    ///   - bias: [D]; ModernBERT has none.
    public init(_ weight: Tensor, bias: Tensor? = nil, epsilon: Float) throws {
        guard weight.shape.count == 1 else {
            throw TensorError.shape(of: "a norm's weight", found: weight.shape, expected: "[D]")
        }
        if let bias, bias.shape != weight.shape {
            throw TensorError.shape(
                of: "a norm's bias", found: bias.shape, expected: "\(weight.shape)")
        }
        self.weight = try dequantizedCopy(weight)
        self.bias = try bias.map { try dequantizedCopy($0) }
        self.epsilon = epsilon
    }

    /// - Parameter x: [..., D].
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try normalized(x, adding: nil)
    }

    /// LayerNorm(x + residual) in one pass.
    ///
    /// - Parameters:
    ///   - residual: [..., D], as x.
    ///   - x: [..., D].
    public func callAsFunction(
        adding residual: Tensor, _ x: Tensor
    ) throws(TensorError) -> Tensor {
        guard residual.shape == x.shape else {
            throw .shapesDiffer(operation: "LayerNorm", left: residual.shape, right: x.shape)
        }
        try residual.requireF32("the residual of a norm")
        return try normalized(x, adding: residual)
    }

    private func normalized(
        _ x: Tensor, adding residual: Tensor?
    ) throws(TensorError) -> Tensor {
        try x.requireF32("the input of a norm")
        guard x.width == weight.count else {
            throw .shape(
                of: "the input of a norm", found: x.shape, expected: "[…, \(weight.count)]")
        }
        let result = Tensor(uninitialized: x.shape)
        let (out, width) = (result.data(as: Float.self), x.width)
        forRows(of: x) { row in
            rk_layer_norm_f32(
                out + row * width, x.data() + row * width,
                residual.map { UnsafePointer($0.data() + row * width) }, weight.data(),
                bias.map { UnsafePointer($0.data()) }, width, epsilon)
        }
        return result
    }
}

extension LayerNorm {
    /// Reads `weight` [width] and, if there is one, `bias` [width]; in checkpoints from TensorFlow
    /// times they are called `gamma` and `beta`.
    public init(_ weights: Weights, width: Int, epsilon: Float) throws {
        let (weight, bias) =
            weights.has("gamma") && !weights.has("weight") ? ("gamma", "beta") : ("weight", "bias")
        try self.init(
            weights.tensor(weight, [width]),
            bias: weights.has(bias) ? weights.tensor(bias, [width]) : nil, epsilon: epsilon)
    }
}
