/// A table of vectors, one for each id.
public struct Embedding: Sendable {
    private let table: Tensor  // [V, D]

    /// - Parameter table: [V, D], of any element type.
    public init(_ table: Tensor) throws(TensorError) {
        guard table.shape.count == 2 else {
            throw .shape(of: "an embedding", found: table.shape, expected: "[V, D]")
        }
        self.table = table
    }

    /// Reads `weight` [count, width].
    public init(_ weights: Weights, count: Int, width: Int) throws {
        try self.init(weights.tensor("weight", [count, width]))
    }

    /// - Parameter ids: below V.
    /// - Returns: [N, D], F32.
    public func callAsFunction(_ ids: [Int32]) throws -> Tensor {
        for id in ids where !(0..<table.shape[0]).contains(Int(id)) {
            throw TensorError.outOfRange("a token", found: Int(id), expected: 0..<table.shape[0])
        }
        return try dequantize(table.selectingRows(ids.map { Int($0) }))
    }

    /// The output head of a model that ties it to its embedding.
    public var asLinear: Linear {
        get throws { try Linear(table) }
    }
}
