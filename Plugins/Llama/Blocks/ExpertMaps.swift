import TensorRuntime

/// The maps of one name of all experts, with biases: `name.weight` [E, to, from], or `name`
/// [E, from, to].
struct ExpertMaps {
    private let weights: Tensor  // [E, to, from] or [E, from, to]
    private let biases: Tensor  // [E, to]
    private let isTransposed: Bool

    init(_ folder: Weights, _ name: String, count: Int, from: Int, to: Int) throws {
        isTransposed = !folder[name].has("weight")
        weights =
            try isTransposed
            ? folder.tensor(name, [count, from, to]) : folder[name].tensor([count, to, from])
        let inFolder = folder[name].has("bias")
        biases = try dequantize(
            inFolder
                ? folder[name].tensor("bias", [count, to])
                : folder.tensor("\(name)_bias", [count, to]))
    }

    subscript(_ expert: Int) -> Linear {
        get throws { try Linear(weight(expert), bias: bias(expert)) }
    }

    /// Some of its rows.
    subscript(_ expert: Int, rows rows: [Int]) -> Linear {
        get throws {
            try Linear(
                weight(expert).selectingRows(rows), bias: bias(expert).selectingRows(rows))
        }
    }

    private func weight(_ expert: Int) throws -> Tensor {
        let own = try weights.rows(expert..<expert + 1).reshaped(weights.shape[1], weights.shape[2])
        return isTransposed ? try own.transposed() : own
    }

    private func bias(_ expert: Int) throws -> Tensor {
        try biases.rows(expert..<expert + 1).reshaped(biases.width)
    }
}
