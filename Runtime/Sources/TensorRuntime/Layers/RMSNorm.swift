import CKernels

/// Root mean square layer normalization, Zhang and Sennrich 2019 (arXiv:1910.07467), equation 4.
///
///     y = x / sqrt(mean(x²) + ε) ⊙ w
public struct RMSNorm: Sendable {
    private let weight: Tensor  // [D]
    private let epsilon: Float

    /// - Parameter weight: [D], of any element type.
    public init(_ weight: Tensor, epsilon: Float) throws {
        guard weight.shape.count == 1 else {
            throw TensorError.shape(of: "a norm's weight", found: weight.shape, expected: "[D]")
        }
        self.weight = try dequantizedCopy(weight)
        self.epsilon = epsilon
    }

    /// - Parameter x: [..., D].
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try x.requireF32("the input of a norm")
        guard x.width == weight.count else {
            throw .shape(
                of: "the input of a norm", found: x.shape, expected: "[…, \(weight.count)]")
        }
        let result = Tensor(uninitialized: x.shape)
        let (out, width) = (result.data(as: Float.self), x.width)
        forRows(of: x) { row in
            rk_rms_norm_f32(
                out + row * width, x.data() + row * width, weight.data(), width, epsilon)
        }
        return result
    }
}

extension RMSNorm {
    /// Reads `weight` [width].
    public init(_ weights: Weights, width: Int, epsilon: Float) throws {
        try self.init(weights.tensor("weight", [width]), epsilon: epsilon)
    }
}
