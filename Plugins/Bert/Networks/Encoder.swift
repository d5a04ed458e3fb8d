import TensorRuntime

/// A network that reads whole texts and gives a state for each token.
protocol Encoder: Sendable {
    /// - Parameter beforeLayer: gets the input of each layer, and may throw to end the pass.
    /// - Returns: [N, D]
    func callAsFunction(
        _ batch: TokenBatch, beforeLayer: (Tensor) throws -> Void
    ) throws -> Tensor
}
