public import TensorRuntime

/// How the states of a text become one vector, as Reimers and Gurevych 2019 (arXiv:1908.10084)
/// compare it.
public enum Pooling: String, NamedValue, Sendable {
    /// (1/n) Σ xᵢ
    case mean
    /// x₁, the state of the token that stands for the whole text
    case cls
    /// xₙ
    case last
    /// maxᵢ xᵢ, column by column
    case max
    /// (1/√n) Σ xᵢ
    case meanSqrtLen = "mean_sqrt_len"

    /// - Parameter x: [N, D].
    /// - Returns: [texts, D].
    public func callAsFunction(_ x: Tensor, _ sequences: PackedSequences) throws -> Tensor {
        switch self {
        case .mean: try meanPool(x, sequences: sequences)
        case .cls: try clsPool(x, sequences: sequences)
        case .last: try lastPool(x, sequences: sequences)
        case .max: try maxPool(x, sequences: sequences)
        case .meanSqrtLen:
            try scaled(
                meanPool(x, sequences: sequences),
                by: sequences.lengths.map { Float($0).squareRoot() })
        }
    }

    /// The same without some rows at the beginning of each text, one of which stays at least.
    public func callAsFunction(
        _ x: Tensor, _ sequences: PackedSequences, leavingOut rows: [Int]
    ) throws -> Tensor {
        let kept = (0..<sequences.count).map { text in
            sequences[text].dropFirst(
                Swift.min(rows[text], Swift.max(sequences[text].count - 1, 0)))
        }
        return try self(
            x.selectingRows(kept.flatMap { $0 }), PackedSequences(lengths: kept.map(\.count)))
    }

    private func scaled(_ rows: Tensor, by factors: [Float]) -> Tensor {
        var rows = rows
        let width = rows.width
        rows.withMutableFloats { numbers in
            for (row, factor) in factors.enumerated() {
                for column in row * width..<(row + 1) * width { numbers[column] *= factor }
            }
        }
        return rows
    }
}
