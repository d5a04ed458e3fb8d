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

    /// l · r for every element of l.
    ///
    /// - Throws: `element` unless l is F32.
    public static func * (left: Tensor, right: Float) throws(TensorError) -> Tensor {
        try left.requireF32("the left of *")
        let result = Tensor(uninitialized: left.shape)
        let (out, x) = (result.data(as: Float.self), left.data(as: Float.self))
        inStretches(left.count) { from, count in
            for index in from..<from + count { out[index] = x[index] * right }
        }
        withExtendedLifetime((left, result)) {}
        return result
    }

    /// min(max(l, least), most) for every element.
    ///
    /// - Throws: `element` unless it is F32.
    public func clamped(
        from least: Float = -.infinity, to most: Float
    ) throws(TensorError) -> Tensor {
        try requireF32("what is clamped")
        let result = Tensor(uninitialized: shape)
        let (out, x) = (result.data(as: Float.self), data(as: Float.self))
        inStretches(count) { from, count in
            for index in from..<from + count { out[index] = min(max(x[index], least), most) }
        }
        withExtendedLifetime((self, result)) {}
        return result
    }

    func requireF32(_ name: @autoclosure () -> String) throws(TensorError) {
        if element != .f32 { throw .element(of: name(), found: element, expected: "F32") }
    }
}

typealias PairwiseKernel = (
    UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int
) -> Void

func elementwise(
    _ name: @autoclosure () -> String, _ left: Tensor, _ right: Tensor, _ kernel: PairwiseKernel
) throws(TensorError) -> Tensor {
    guard left.shape == right.shape else {
        throw .shapesDiffer(operation: name(), left: left.shape, right: right.shape)
    }
    try left.requireF32("the left of \(name())")
    try right.requireF32("the right of \(name())")
    let result = Tensor(uninitialized: left.shape)
    let out = result.data(as: Float.self)
    inStretches(left.count) { from, count in
        kernel(out + from, left.data() + from, right.data() + from, count)
    }
    return result
}

/// Splits many elements among the threads; a few are not worth waking them.
func inStretches(_ count: Int, _ body: (_ from: Int, _ count: Int) -> Void) {
    let stretch = 32 << 10
    ThreadPool.shared.parallel((count + stretch - 1) / stretch) { index in
        body(index * stretch, min(stretch, count - index * stretch))
    }
}
