import CKernels

/// Probabilities along the last axis.
///
///     softmax(x)ᵢ = exp(xᵢ - max x) / Σⱼ exp(xⱼ - max x)
public func softmax(_ x: Tensor) throws(TensorError) -> Tensor {
    try x.requireF32("the input of softmax")
    let result = Tensor(uninitialized: x.shape)
    let (out, width) = (result.data(as: Float.self), x.width)
    forRows(of: x) { row in
        rk_softmax_f32(out + row * width, x.data() + row * width, width)
    }
    return result
}

/// Calls `body` for every row, on all threads if there is enough work.
func forRows(of x: Tensor, _ body: (Int) -> Void) {
    let perTask = max(1, (16 << 10) / max(1, x.width))
    let rows = x.rowCount
    ThreadPool.shared.parallel((rows + perTask - 1) / perTask) { task in
        for row in task * perTask..<min(rows, (task + 1) * perTask) { body(row) }
    }
}
