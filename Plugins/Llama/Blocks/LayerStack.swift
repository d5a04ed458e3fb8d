import TensorRuntime

/// One layer of a decoder.
protocol DecoderLayer: Sendable {
    /// - Parameters:
    ///   - x: [N, D].
    ///   - rows: the position of each row in the cache.
    ///   - layer: where in the cache this layer's memory is.
    /// - Returns: [N, D]
    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor
}

/// A norm of the states.
protocol StateNorm: Sendable {
    /// - Parameter x: [N, D].
    /// - Returns: [N, D]
    func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor
}

extension RMSNorm: StateNorm {}
extension LayerNorm: StateNorm {}

/// The layers of a decoder, one after the other, and the norm after the last.
///
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     y = Norm(xᴸ)
struct LayerStack<Layer: DecoderLayer>: Sendable {
    let layers: [Layer]  // L
    let norm: any StateNorm  // [D]

    /// - Parameters:
    ///   - x: [N, D].
    ///   - wanted: the rows whose states are returned.
    ///   - beforeLayer: may throw to end the pass.
    /// - Returns: [W, D]
    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, wanted: [Int],
        beforeLayer: () throws -> Void
    ) throws -> Tensor {
        var x = x  // [N, D]
        for (index, layer) in layers.enumerated() {
            try beforeLayer()
            x = try layer(x, at: rows, cache, layer: cache.place(ofLayer: index))  // [N, D]
        }
        return try norm(x.selectingRows(wanted))  // [W, D]
    }
}

// MARK: - Loading

extension LayerStack {
    /// Reads the layers from `layers` and the last norm from `norm`.
    ///
    /// - Parameters:
    ///   - norm: an RMSNorm unless given.
    ///   - layer: from its folder and number.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, norm: (any StateNorm)? = nil,
        layer: (_ weights: Weights, _ index: Int) throws -> Layer
    ) throws {
        layers = try (0..<c.numHiddenLayers).map { try layer(weights["layers"][$0], $0) }
        self.norm = try norm ?? RMSNorm(weights["norm"], c)
    }
}
