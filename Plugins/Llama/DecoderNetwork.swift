import PluginCommon
import TensorRuntime

/// A network that continues texts token by token; each is one file of `Models/`.
///
///     x⁰ = embed(tokens)
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = logits(Norm(xᴸ))
protocol DecoderNetwork: Sendable {
    /// What its `config.json` says beyond the keys that all decoders share.
    associatedtype Keys: Decodable & Sendable
    associatedtype Layer: DecoderLayer

    static var family: Family { get }

    /// - Throws: `ConfigurationError` naming the key whose value this network does not implement or
    ///   that contradicts another.
    static func check(_ c: DecoderConfiguration, _ own: Keys) throws

    /// How many positions a row of a layer sees, its own the last; nil for all.
    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int?

    /// What its layers remember of a sequence: keys and values, unless it says otherwise.
    static func memory(_ c: DecoderConfiguration, _ own: Keys) -> SequenceCache.Layout

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws

    var layers: LayerStack<Layer> { get }

    /// - Returns: [N, D]
    func embed(_ tokens: [Int32]) throws -> Tensor

    /// What is added to the embedding at each position; nil for networks whose layers know it.
    var positions: Embedding? { get }

    /// - Parameter states: [W, D], after the last norm.
    /// - Returns: [W, V]
    func logits(_ states: Tensor) throws -> Tensor
}

/// For a family without keys of its own.
struct NoKeys: Decodable, Sendable {}

extension DecoderNetwork {
    var positions: Embedding? { nil }

    static func memory(_ c: DecoderConfiguration, _ own: Keys) -> SequenceCache.Layout {
        SequenceCache.Layout(c) { window(c, own, layer: $0) }
    }

    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int? { nil }

    /// The states from which `logits` are made.
    ///
    /// - Parameters:
    ///   - rows: the position of each token in the cache, which has begun a batch with them.
    ///   - wanted: the rows whose states are returned.
    ///   - beforeLayer: may throw to end the pass.
    /// - Returns: [W, D]
    func states(
        _ tokens: [Int32], at rows: SequenceRows, _ cache: SequenceCache, wanted: [Int],
        beforeLayer: () throws -> Void
    ) throws -> Tensor {
        var x = try embed(tokens)  // [N, D]
        if let positions { x = try x + positions(rows.positions) }
        return try layers(x, at: rows, cache, wanted: wanted, beforeLayer: beforeLayer)
    }
}

// MARK: - Loading

extension DecoderNetwork {
    static func check(_ c: DecoderConfiguration, in file: ConfigurationFile) throws {
        try check(c, file.decode())
    }

    static func memory(
        _ c: DecoderConfiguration, in file: ConfigurationFile
    ) throws -> SequenceCache.Layout {
        try memory(c, file.decode())
    }

    static func network(
        _ weights: Weights, _ c: DecoderConfiguration, from file: ConfigurationFile
    ) throws -> any DecoderNetwork {
        try Self(weights, c, file.decode())
    }
}
