import TensorRuntime

/// The rotary positions of queries and keys, scaled as the configuration says.
struct Rotary: Sendable {
    private let embedding: RotaryEmbedding

    /// - Parameters:
    ///   - q: [N, H, d].
    ///   - k: [N, G, d].
    func apply(
        _ q: inout Tensor, _ k: inout Tensor, at rows: SequenceRows, in cache: KVCache
    ) throws {
        try embedding.apply(&q, positions: rows.positions)
        try embedding.apply(&k, positions: rows.positions)
    }
}

// MARK: - Loading

extension Rotary {
    /// The frequencies that the configuration asks for, divided by the checkpoint's own divisors
    /// where it has some.
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        let plain = RotaryEmbedding(headSize: c.rotarySize, theta: c.theta).frequencies
        var frequencies =
            c.rotary?.scaled(plain, theta: c.theta, trained: c.trainedPositions) ?? plain
        if weights["divisors"].has("weight") {
            let divisors = try dequantize(weights["divisors"].tensor([plain.count])).floats
            frequencies = zip(frequencies, divisors).map { $0 / $1 }
        }
        embedding = RotaryEmbedding(
            headSize: c.headSize, frequencies: frequencies, amplitude: c.rotary?.amplitude ?? 1)
    }
}
