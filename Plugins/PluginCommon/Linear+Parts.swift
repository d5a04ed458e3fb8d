public import TensorRuntime

extension Linear {
    /// The maps that a checkpoint keeps as one, their rows one after the other: `Wqkv`.
    ///
    /// - Parameter to: of each.
    public static func parts(
        of weights: Weights, from: Int, to parts: [Int], _ precision: Precision = .f32
    ) throws -> [Linear] {
        let all = parts.reduce(0, +)
        let weight = try weights.tensor("weight", [all, from])
        let bias = try weights.has("bias") ? weights.tensor("bias", [all]) : nil
        var first = 0
        return try parts.map { to in
            let rows = first..<first + to
            first += to
            return try Linear(weight.rows(rows), bias: bias?.rows(rows), precision: precision)
                .named(weights, rows: rows)
        }
    }
}
