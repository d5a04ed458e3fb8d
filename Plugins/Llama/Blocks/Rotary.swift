import PluginCommon
import TensorRuntime

/// The rotary positions of queries and keys, scaled as the configuration says.
struct Rotary: Sendable {
    private let embedding: RotaryEmbedding
    /// For sequences that may become longer than those of training, where these have frequencies of
    /// their own. What counts is how long a sequence of the cache may become, not how long it is: keys
    /// that are cached stay right.
    private let long: (embedding: RotaryEmbedding, beyond: Int)?

    /// - Parameters:
    ///   - q: [N, H, d].
    ///   - k: [N, G, d].
    func apply(
        _ q: inout Tensor, _ k: inout Tensor, at rows: SequenceRows, in cache: KVCache
    ) throws {
        var embedding = embedding
        if let long, cache.positions > long.beyond { embedding = long.embedding }
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
        long = try divided("long_factor", c.rotary?.longFactor).map { ($0, c.trainedPositions) }
        if c.rotary?.kind == "longrope", long == nil {
            throw ConfigurationError.missing("rope_scaling.long_factor")
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
