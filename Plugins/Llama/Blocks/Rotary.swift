import PluginCommon
import Synchronization
import TensorRuntime

/// The rotary positions of queries and keys, scaled as the configuration says.
struct Rotary: Sendable {
    private let embedding: RotaryEmbedding
    /// For sequences that may become longer than those of training, where these have frequencies of
    /// their own. What counts is how long a sequence of the cache may become, not how long it is: keys
    /// that are cached stay right.
    private let long: LongContexts?

    private struct LongContexts {
        let beyond: Int
        /// For a cache of so many positions.
        let embedding: @Sendable (_ positions: Int) -> RotaryEmbedding
    }

    /// - Parameters:
    ///   - q: [N, H, d].
    ///   - k: [N, G, d].
    func apply(
        _ q: inout Tensor, _ k: inout Tensor, at rows: SequenceRows, in cache: SequenceCache
    ) throws {
        var embedding = embedding
        if let long, cache.attention.positions > long.beyond {
            embedding = long.embedding(cache.attention.positions)
        }
        try embedding.apply(&q, positions: rows.positions)
        try embedding.apply(&k, positions: rows.positions)
    }
}

// MARK: - Loading

extension Rotary {
    /// What the configuration asks for. Divisors of the frequencies may stand in the checkpoint.
    ///
    /// - Parameter weights: `rotary_emb`.
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        let plain = Self.frequencies(c, theta: c.theta)
        let scaled = c.rotary?.scaled(plain, theta: c.theta, trained: c.trainedPositions) ?? plain
        let divided = { (name: String, own: [Float]?) throws -> RotaryEmbedding? in
            guard let divisors = try Self.divisors(weights[name], plain.count) ?? own else {
                return nil
            }
            return RotaryEmbedding(
                headSize: c.headSize, frequencies: zip(scaled, divisors).map { $0 / $1 },
                amplitude: c.rotaryAmplitude)
        }
        embedding =
            try divided("divisors", nil) ?? divided("short_factor", c.rotary?.shortFactor)
            ?? RotaryEmbedding(
                headSize: c.headSize, frequencies: scaled, amplitude: c.rotaryAmplitude)
        long = try Self.longContexts(
            c, longRope: divided("long_factor", c.rotary?.longFactor))
    }

    private static func longContexts(
        _ c: DecoderConfiguration, longRope: RotaryEmbedding?
    ) throws -> LongContexts? {
        switch c.rotary?.kind {
        case "longrope":
            guard let longRope else {
                throw ConfigurationError.missing("rope_scaling.long_factor")
            }
            return LongContexts(beyond: c.trainedPositions) { _ in longRope }
        case "dynamic":
            let known = Mutex<[Int: RotaryEmbedding]>([:])
            return LongContexts(beyond: c.trainedPositions) { positions in
                known.withLock { known in
                    if let embedding = known[positions] { return embedding }
                    let embedding = RotaryEmbedding(
                        headSize: c.headSize,
                        frequencies: frequencies(c, theta: c.dynamicTheta(positions)))
                    known[positions] = embedding
                    return embedding
                }
            }
        default: return nil
        }
    }

    /// Without any scaling.
    init(_ c: DecoderConfiguration, theta: Float) {
        embedding = RotaryEmbedding(
            headSize: c.headSize, frequencies: Self.frequencies(c, theta: theta))
        long = nil
    }

    private static func frequencies(_ c: DecoderConfiguration, theta: Float) -> [Float] {
        RotaryEmbedding(headSize: c.rotarySize, theta: theta).frequencies
    }

    private static func divisors(_ weights: Weights, _ count: Int) throws -> [Float]? {
        guard weights.has("weight") else { return nil }
        return try dequantize(weights.tensor([count])).floats
    }
}
