import CKernels

extension Tensor {
    /// l + r, element by element.
    ///
    /// - Throws: `shapesDiffer`, `element` unless both are F32.
    public static func + (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
        try elementwise("+", left, right, rk_add_f32)
    }

    /// l ⊙ r, element by element.
    ///
    /// - Throws: `shapesDiffer`, `element` unless both are F32.
    public static func * (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
        try elementwise("*", left, right, rk_multiply_f32)
    }

    func requireF32(_ name: String) throws(TensorError) {
        if element != .f32 { throw .element(of: name, found: element, expected: "F32") }
    }
}

/// The sigmoid linear unit, Hendrycks and Gimpel 2016 (arXiv:1606.08415).
///
///     silu(x) = x / (1 + exp(-x))
public func silu(_ x: Tensor) throws(TensorError) -> Tensor {
    try x.requireF32("the input of silu")
    let result = Tensor(uninitialized: x.shape)
    let (out, x) = (result.data(as: Float.self), x)
    inStretches(x.count) { from, count in rk_silu_f32(out + from, x.data() + from, count) }
    return result
}

/// The gated unit of SwiGLU, Shazeer 2020 (arXiv:2002.05202), equation 5.
///
///     swiglu(gate, up) = silu(gate) ⊙ up
public func swiglu(_ gate: Tensor, _ up: Tensor) throws(TensorError) -> Tensor {
    try elementwise("swiglu", gate, up, rk_swiglu_f32)
}

private typealias Kernel = (
    UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int
) -> Void

private func elementwise(
    _ name: String, _ left: Tensor, _ right: Tensor, _ kernel: Kernel
) throws(TensorError) -> Tensor {
    guard left.shape == right.shape else {
        throw .shapesDiffer(operation: name, left: left.shape, right: right.shape)
    }
    try left.requireF32("the left of \(name)")
    try right.requireF32("the right of \(name)")
    let result = Tensor(uninitialized: left.shape)
    let out = result.data(as: Float.self)
    inStretches(left.count) { from, count in
        kernel(out + from, left.data() + from, right.data() + from, count)
    }
    return result
}

/// Splits many elements among the threads; few are not worth their waking.
private func inStretches(_ count: Int, _ body: (_ from: Int, _ count: Int) -> Void) {
    let stretch = 32 << 10
    ThreadPool.shared.parallel((count + stretch - 1) / stretch) { index in
        body(index * stretch, min(stretch, count - index * stretch))
    }
}
