import CKernels

/// A function of single numbers between two linear maps.
public enum Activation: Sendable, CaseIterable {
    /// x · Φ(x) with the error function, Hendrycks and Gimpel 2016 (arXiv:1606.08415).
    case gelu
    /// Its approximation by tanh: x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).
    case geluTanh
    /// Its approximation by a sigmoid: x · sigmoid(1.702 x), the same, section 2.
    case quickGelu
    /// x · sigmoid(x).
    case silu
    case sigmoid
    case tanh
    /// max(x, 0).
    case relu

    var kernel: rk_activation {
        switch self {
        case .gelu: RK_GELU
        case .geluTanh: RK_GELU_TANH
        case .quickGelu: RK_QUICK_GELU
        case .silu: RK_SILU
        case .sigmoid: RK_SIGMOID
        case .tanh: RK_TANH
        case .relu: RK_RELU
        }
    }

    /// - Parameter x: of any shape, F32.
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try x.requireF32("the input of \(self)")
        let result = Tensor(uninitialized: x.shape)
        let out = result.data(as: Float.self)
        inStretches(x.count) { from, count in
            rk_activate_f32(out + from, x.data() + from, count, kernel)
        }
        return result
    }

    /// activation(gate) ⊙ up, Shazeer 2020 (arXiv:2002.05202), equation 5.
    ///
    /// - Throws: `shapesDiffer`, `element` unless both are F32.
    public func gated(_ gate: Tensor, _ up: Tensor) throws(TensorError) -> Tensor {
        try elementwise("\(self) gate", gate, up) { out, gate, up, count in
            rk_gate_f32(out, gate, up, count, kernel)
        }
    }
}

/// The Gaussian error linear unit, Hendrycks and Gimpel 2016 (arXiv:1606.08415).
///
///     gelu(x) = x · (1 + erf(x / √2)) / 2
public func gelu(_ x: Tensor) throws(TensorError) -> Tensor { try Activation.gelu(x) }

/// The Gaussian error linear unit's approximation, Hendrycks and Gimpel 2016 (arXiv:1606.08415).
///
///     geluTanh(x) = x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))
public func geluTanh(_ x: Tensor) throws(TensorError) -> Tensor { try Activation.geluTanh(x) }

/// The sigmoid linear unit, Hendrycks and Gimpel 2016 (arXiv:1606.08415).
///
///     silu(x) = x / (1 + exp(-x))
public func silu(_ x: Tensor) throws(TensorError) -> Tensor { try Activation.silu(x) }

/// The logistic function, 1 / (1 + exp(-x)).
public func sigmoid(_ x: Tensor) throws(TensorError) -> Tensor { try Activation.sigmoid(x) }

/// The hyperbolic tangent of every element.
public func tanh(_ x: Tensor) throws(TensorError) -> Tensor { try Activation.tanh(x) }

/// The rectified linear unit, max(x, 0).
public func relu(_ x: Tensor) throws(TensorError) -> Tensor { try Activation.relu(x) }

/// The gated unit of SwiGLU, Shazeer 2020 (arXiv:2002.05202), equation 5.
///
///     swiglu(gate, up) = silu(gate) ⊙ up
public func swiglu(_ gate: Tensor, _ up: Tensor) throws(TensorError) -> Tensor {
    try Activation.silu.gated(gate, up)
}

/// The gated unit of GeGLU, Shazeer 2020 (arXiv:2002.05202), equation 5.
///
///     geglu(gate, up) = gelu(gate) ⊙ up
public func geglu(_ gate: Tensor, _ up: Tensor) throws(TensorError) -> Tensor {
    try Activation.gelu.gated(gate, up)
}
