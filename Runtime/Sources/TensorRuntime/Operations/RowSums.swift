extension Tensor {
    /// Adds rows, each times a number, to some rows of this tensor.
    ///
    ///     self[rows[i]] ← self[rows[i]] + factors[i] · other[i]
    ///
    /// - Parameters:
    ///   - other: [M, D], F32.
    ///   - factors: M of them.
    ///   - rows: M indices of this tensor's rows, each at most once.
    /// - Throws: `shape`, `element`, `outOfRange`.
    public mutating func add(
        _ other: Tensor, times factors: [Float], toRows rows: [Int]
    ) throws(TensorError) {
        precondition(factors.count == rows.count)
        try requireF32("the left of a sum of rows")
        try other.requireF32("the right of a sum of rows")
        guard other.rowCount == rows.count, other.width == width else {
            throw .shape(
                of: "the right of a sum of rows", found: other.shape,
                expected: "[\(rows.count), \(width)]")
        }
        for row in rows where !(0..<rowCount).contains(row) {
            throw .outOfRange("a row", found: row, expected: 0..<rowCount)
        }
        let width = width
        withMutableFloats { out in
            guard let out = out.baseAddress else { return }
            let source = other.data(as: Float.self)
            forRows(of: other) { index in
                let (to, from) = (out + rows[index] * width, source + index * width)
                for column in 0..<width { to[column] += factors[index] * from[column] }
            }
        }
        withExtendedLifetime(other) {}
    }
}
