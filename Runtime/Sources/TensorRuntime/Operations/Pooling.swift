import CKernels

/// The mean of each sequence's rows; zeros for an empty sequence.
///
/// - Parameter x: [N, D].
/// - Returns: [sequences, D].
public func meanPool(_ x: Tensor, sequences: PackedSequences) throws(TensorError) -> Tensor {
    try pool(x, sequences, rk_mean_rows_f32)
}

/// The largest number of each column of a sequence; zeros for an empty sequence.
///
/// - Parameter x: [N, D].
/// - Returns: [sequences, D].
public func maxPool(_ x: Tensor, sequences: PackedSequences) throws(TensorError) -> Tensor {
    try pool(x, sequences, rk_max_rows_f32)
}

/// Each sequence's first row, where BERT has its [CLS] token; zeros for an empty sequence.
///
/// - Parameter x: [N, D].
/// - Returns: [sequences, D].
public func clsPool(_ x: Tensor, sequences: PackedSequences) throws(TensorError) -> Tensor {
    try pool(x, sequences) { out, rows, count, width in
        rk_mean_rows_f32(out, rows, min(count, 1), width)
    }
}

/// Each sequence's last row; zeros for an empty sequence.
///
/// - Parameter x: [N, D].
/// - Returns: [sequences, D].
public func lastPool(_ x: Tensor, sequences: PackedSequences) throws(TensorError) -> Tensor {
    try pool(x, sequences) { out, rows, count, width in
        rk_mean_rows_f32(out, rows.map { $0 + max(0, count - 1) * width }, min(count, 1), width)
    }
}

/// Rows of Euclidean length 1; a row of zeros stays one.
///
///     y = x / max(‖x‖, 10⁻¹²)
///
/// - Parameter x: [..., D], F32.
public func normalizedRows(_ x: Tensor) throws(TensorError) -> Tensor {
    try x.requireF32("the input of a normalization")
    let result = Tensor(uninitialized: x.shape)
    let (out, width) = (result.data(as: Float.self), x.width)
    forRows(of: x) { row in
        rk_normalize_f32(out + row * width, x.data() + row * width, width, 1e-12)
    }
    return result
}

private typealias PoolKernel = (
    _ out: UnsafeMutablePointer<Float>?, _ rows: UnsafePointer<Float>?, _ count: Int, _ width: Int
) -> Void

private func pool(
    _ x: Tensor, _ sequences: PackedSequences, _ kernel: PoolKernel
) throws(TensorError) -> Tensor {
    try sequences.check(x, "the input of a pooling")
    let width = x.shape.dropFirst().reduce(1, *)
    let result = Tensor(uninitialized: [sequences.count] + x.shape.dropFirst())
    let out = result.data(as: Float.self)
    for sequence in 0..<sequences.count {
        let rows = sequences[sequence]
        kernel(
            out + sequence * width, UnsafePointer(x.data() + rows.lowerBound * width), rows.count,
            width)
    }
    withExtendedLifetime((x, result)) {}
    return result
}
