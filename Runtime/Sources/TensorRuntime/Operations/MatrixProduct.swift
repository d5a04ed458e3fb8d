/// The product of two matrices.
///
///     c[m, n] = Σ_k a[m, k] · b[k, n], in order of k
///
/// Use `Linear` if the right operand stays the same: here it is repacked at every call.
///
/// - Parameters:
///   - a: [M, K], F32.
///   - b: [K, N], F32.
/// - Returns: [M, N].
public func matmul(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
    try a.requireF32("the left of a matrix product")
    try b.requireF32("the right of a matrix product")
    guard a.shape.count == 2 else {
        throw .shape(of: "the left of a matrix product", found: a.shape, expected: "[M, K]")
    }
    guard b.shape.count == 2, b.shape[0] == a.shape[1] else {
        throw .shape(
            of: "the right of a matrix product", found: b.shape, expected: "[\(a.shape[1]), N]")
    }
    return try PackedMatrix(transposing: b).product(a, bias: nil, then: nil)
}
