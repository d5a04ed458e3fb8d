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

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws

    var layers: LayerStack<Layer> { get }

    /// - Returns: [N, D]
    func embed(_ tokens: [Int32]) throws -> Tensor

    /// - Parameter states: [W, D], after the last norm.
    /// - Returns: [W, V]
    func logits(_ states: Tensor) throws -> Tensor
}

/// For a family without keys of its own.
struct NoKeys: Decodable, Sendable {}

extension DecoderNetwork {
    /// The states from which `logits` are made.
    ///
    /// - Parameters:
    ///   - rows: the position of each token in the cache, which has begun a batch with them.
    ///   - wanted: the rows whose states are returned.
    ///   - beforeLayer: may throw to end the pass.
    /// - Returns: [W, D]
    func states(
        _ tokens: [Int32], at rows: SequenceRows, _ cache: KVCache, wanted: [Int],
        beforeLayer: () throws -> Void
    ) throws -> Tensor {
        try layers(embed(tokens), at: rows, cache, wanted: wanted, beforeLayer: beforeLayer)
    }
}

// MARK: - Loading

extension DecoderNetwork {
    static func check(_ c: DecoderConfiguration, in file: ConfigurationFile) throws {
        try check(c, file.decode())
    }

    static func network(
        _ weights: Weights, _ c: DecoderConfiguration, from file: ConfigurationFile
    ) throws -> any DecoderNetwork {
        let network = try Self(weights, c, file.decode())
        try weights.requireAllRead()
        return network
    }
}
