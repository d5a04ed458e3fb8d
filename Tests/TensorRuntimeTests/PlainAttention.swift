import TensorRuntime

/// Equation 1 of Vaswani et al. 2017 in double precision.
struct PlainAttention {
    private let queries: Tensor  // [N, H, d]
    private let keys: Tensor  // [M, H, d]
    private let values: Tensor  // [M, H, d]
    private let scale: Double

    init(_ queries: Tensor, _ keys: Tensor, _ values: Tensor, scale: Double) {
        (self.queries, self.keys, self.values) = (queries, keys, values)
        self.scale = scale
    }

    /// - Parameter bias: what is added to the logit of a row, a head and a column; nil where the row
    ///   does not look.
    /// - Returns: [N, H·d]
    func callAsFunction(
        _ bias: (_ row: Int, _ head: Int, _ column: Int) -> Float?
    ) -> [Float] {
        let (heads, size) = (queries.shape[1], queries.shape[2])
        let (q, k, v) = (queries.floats, keys.floats, values.floats)
        return (0..<queries.shape[0]).flatMap { row in
            (0..<heads).flatMap { head -> [Float] in
                let place = { (n: Int, i: Int) in (n * heads + head) * size + i }
                let columns = (0..<keys.shape[0]).filter { bias(row, head, $0) != nil }
                let logits = columns.map { column in
                    let product = (0..<size).reduce(0.0) {
                        $0 + Double(q[place(row, $1)]) * Double(k[place(column, $1)])
                    }
                    return product * scale + Double(bias(row, head, column) ?? 0)
                }
                let weights = AttentionKernelTests.softmax(logits)
                return (0..<size).map { i in
                    Float(
                        zip(columns, weights).reduce(0.0) {
                            $0 + $1.1 * Double(v[place($1.0, i)])
                        })
                }
            }
        }
    }
}
