import CKernels
import Glibc
import Synchronization

/// Rotary position embedding, Su et al. 2021 (arXiv:2104.09864), equation 34, with the pairs
/// (i, i + d/2) of Hugging Face's checkpoints.
///
///     (xᵢ, xᵢ₊ₕ) ← (xᵢ cos pθᵢ - xᵢ₊ₕ sin pθᵢ, xᵢ₊ₕ cos pθᵢ + xᵢ sin pθᵢ),  h = d/2, θᵢ = base^(-2i/d)
public final class RotaryEmbedding: Sendable {
    /// θᵢ in radians per position, [d/2].
    public let frequencies: [Float]
    private let headSize: Int
    private let amplitude: Float
    /// The angles of the latest batches, the newest first: every layer of a step asks for the same
    /// ones, and several threads may each be in their own step.
    private let recent = Mutex<[(positions: [Int32], angles: Tensor)]>([])
    private static let kept = 8

    /// - Parameters:
    ///   - headSize: d of the vectors; numbers past twice the number of frequencies stay as they are.
    ///   - frequencies: θᵢ, at most d/2 of them.
    ///   - amplitude: multiplies the rotated numbers, as YaRN requires.
    public init(headSize: Int, frequencies: [Float], amplitude: Float = 1) {
        precondition(2 * frequencies.count <= headSize)
        self.headSize = headSize
        self.frequencies = frequencies
        self.amplitude = amplitude
    }

    /// - Parameters:
    ///   - theta: the base of the frequencies, such as 10 000.
    ///   - frequencyFactors: divides each frequency, as `rope_freqs.weight` of GGUF files does.
    ///   - positionScale: multiplies the positions, as linear scaling by 1/factor does.
    public convenience init(
        headSize: Int, theta: Float, frequencyFactors: [Float]? = nil, positionScale: Float = 1
    ) {
        let half = headSize / 2
        let frequencies = (0..<half).map { i in
            let frequency = 1 / pow(theta, Float(2 * i) / Float(headSize))
            return frequency * positionScale / (frequencyFactors?[i] ?? 1)
        }
        self.init(headSize: headSize, frequencies: frequencies)
    }

    /// Rotates vectors by their positions.
    ///
    /// - Parameters:
    ///   - x: [N, H, d].
    ///   - positions: N of them.
    public func apply(_ x: inout Tensor, positions: [Int32]) throws(TensorError) {
        guard x.shape.count == 3, x.shape[0] == positions.count, x.shape[2] == headSize else {
            throw .shape(
                of: "the input of a rotary embedding", found: x.shape,
                expected: "[\(positions.count), H, \(headSize)]")
        }
        try x.requireF32("the input of a rotary embedding")
        let (heads, stride, half) = (x.shape[1], headSize, frequencies.count)
        let angles = angles(at: positions)
        x.withMutableFloats { x in
            guard let start = x.baseAddress else { return }
            let table = angles.data(as: Float.self)
            ThreadPool.shared.parallel(positions.count) { row in
                let cosines = table + row * 2 * half
                rk_rotary_f32(
                    start + row * heads * stride, heads, stride, half, cosines, cosines + half)
            }
        }
        withExtendedLifetime(angles) {}
    }

    /// - Parameter x: [N, H, d].
    /// - Returns: the rotated vectors.
    public func callAsFunction(_ x: Tensor, positions: [Int32]) throws(TensorError) -> Tensor {
        var turned = x
        try apply(&turned, positions: positions)
        return turned
    }

    /// [N, 2, d/2]: the cosines and sines of each position's angles.
    private func angles(at positions: [Int32]) -> Tensor {
        let known = recent.withLock { $0.first { $0.positions == positions }?.angles }
        if let known { return known }
        var angles = Tensor(uninitialized: [positions.count, 2, frequencies.count])
        angles.withMutableFloats { fill($0, positions) }
        recent.withLock { $0 = [(positions, angles)] + $0.prefix(Self.kept - 1) }
        return angles
    }

    private func fill(_ angles: UnsafeMutableBufferPointer<Float>, _ positions: [Int32]) {
        let half = frequencies.count
        for (row, position) in positions.enumerated() {
            for (i, frequency) in frequencies.enumerated() {
                let angle = Float(position) * frequency
                angles[row * 2 * half + i] = cos(angle) * amplitude
                angles[row * 2 * half + half + i] = sin(angle) * amplitude
            }
        }
    }
}
