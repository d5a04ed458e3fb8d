import TensorRuntime

extension Linear {
    /// The maps that a checkpoint keeps as one, their rows one after the other: `Wqkv`.
    ///
    /// - Parameter to: of each.
    static func parts(
        _ count: Int, of weights: Weights, from: Int, to: Int, _ precision: Precision
    ) throws -> [Linear] {
        let weight = try weights.tensor("weight", [count * to, from])
        let bias = try weights.has("bias") ? weights.tensor("bias", [count * to]) : nil
        return try (0..<count).map { part in
            let rows = part * to..<(part + 1) * to
            return try Linear(weight.rows(rows), bias: bias?.rows(rows), precision: precision)
        }
    }
}
