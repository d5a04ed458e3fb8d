import TensorRuntime

extension Tensor {
    /// The columns of a matrix as rows, in F32.
    func transposed() throws -> Tensor {
        let source = try dequantize(self)
        let (rows, columns) = (source.shape[0], source.shape[1])
        var result = Tensor(uninitialized: [columns, rows])
        source.withFloats { from in
            result.withMutableFloats { to in
                // Strips of rows, so that both sides stay in the cache.
                for first in stride(from: 0, to: rows, by: 16) {
                    for column in 0..<columns {
                        for row in first..<min(first + 16, rows) {
                            to[column * rows + row] = from[row * columns + column]
                        }
                    }
                }
            }
        }
        return result
    }
}
