import SearchCollections

/// Makes vectors without a model: texts are numbers, each the seed of a point in a space of few
/// dimensions that is laid into one of many, as the embeddings of real texts lie.
struct LatentEmbedder: CollectionEmbedder {
    static let dimensions = 384
    private static let latent = 40
    private static let noise: Float = 0.1

    let model = EmbeddingModel(
        name: "latent", contentHash: "latent-1", dimensions: LatentEmbedder.dimensions)
    private let directions: [Float]

    init() {
        var random = Random(seed: 1)
        directions = (0..<Self.latent * Self.dimensions).map { _ in random.normal() }
    }

    func embed(_ texts: [String], as purpose: EmbedPurpose) async throws -> EmbeddedTexts {
        EmbeddedTexts(
            by: model, texts.map { vector(UInt64($0.split(separator: " ")[0]) ?? 0) })
    }

    /// A unit vector.
    func vector(_ seed: UInt64) -> [Float] {
        var random = Random(seed: seed &+ 2)
        var vector = (0..<Self.dimensions).map { _ in random.unit() * Self.noise }
        directions.withUnsafeBufferPointer { directions in
            vector.withUnsafeMutableBufferPointer { vector in
                for row in 0..<Self.latent {
                    let weight = random.normal()
                    let base = row * Self.dimensions
                    for column in 0..<Self.dimensions {
                        vector[column] += weight * directions[base + column]
                    }
                }
            }
        }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }
}

/// SplitMix64: Steele, Lea and Flood 2014 (doi:10.1145/2714064.2660195).
struct Random {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x2545_F491_4F6C_DD1D }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits >> 31
    }

    /// From -1 to 1.
    mutating func unit() -> Float { Float(Int64(bitPattern: next()) >> 40) / Float(1 << 23) }

    /// Nearly normal: the sum of twelve uniform numbers (Irwin and Hall).
    mutating func normal() -> Float {
        var sum: Float = 0
        for _ in 0..<6 {
            let bits = next()
            sum += Float(bits >> 40) + Float(bits & 0xFF_FFFF)
        }
        return sum / Float(1 << 24) - 6
    }
}
