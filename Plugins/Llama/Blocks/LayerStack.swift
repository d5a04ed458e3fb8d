import TensorRuntime

/// One layer of a decoder.
protocol DecoderLayer: Sendable {
    /// - Parameters:
    ///   - x: [N, D].
    ///   - rows: the position of each row in the cache.
    ///   - layer: where in the cache this layer stores its keys and values.
    /// - Returns: [N, D]
    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, layer: Int
    ) throws -> Tensor
}

/// The layers of a decoder, one after the other, and the norm after the last.
///
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     y = RMSNorm(xᴸ)
struct LayerStack<Layer: DecoderLayer>: Sendable {
    let layers: [Layer]  // L
    let norm: RMSNorm  // [D]

    /// - Parameters:
    ///   - x: [N, D].
    ///   - wanted: the rows whose states are returned.
    ///   - beforeLayer: may throw to end the pass.
    /// - Returns: [W, D]
    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: KVCache, wanted: [Int],
        beforeLayer: () throws -> Void
    ) throws -> Tensor {
        var x = x  // [N, D]
        for (index, layer) in layers.enumerated() {
            try beforeLayer()
            x = try layer(x, at: rows, cache, layer: index)  // [N, D]
        }
        return try norm(x.selectingRows(wanted))  // [W, D]
    }
}

// MARK: - Loading

extension LayerStack {
    /// Reads the layers from `layers` and the last norm from `norm`.
    ///
    /// - Parameter layer: from its folder and number.
    init(
        _ weights: Weights, _ c: DecoderConfiguration,
        layer: (_ weights: Weights, _ index: Int) throws -> Layer
    ) throws {
        layers = try (0..<c.numHiddenLayers).map { try layer(weights["layers"][$0], $0) }
        norm = try RMSNorm(weights["norm"], c)
    }
}
