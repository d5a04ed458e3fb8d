/// A convolution over the positions of a sequence, each channel with a filter of its own, which sees
/// no position after its own: Dauphin et al. 2017 (arXiv:1612.08083), section 2.
///
///     y[n, c] = Σⱼ w[c, j] · x[n - K + 1 + j, c] + b[c],  j = 0 … K - 1
///
/// What a sequence saw last stays in a slot of its states, [K - 1, C].
public struct CausalConvolution: Sendable {
    private let weight: Tensor  // [K, C]
    private let bias: Tensor?  // [C]

    /// - Parameters:
    ///   - weight: [C, K], of any element type.
    ///   - bias: [C].
    public init(_ weight: Tensor, bias: Tensor? = nil) throws {
        guard weight.shape.count == 2, bias.map({ $0.shape == [weight.shape[0]] }) ?? true else {
            throw TensorError.shape(
                of: "a causal convolution", found: weight.shape, expected: "[C, K]")
        }
        let (channels, taps) = (weight.shape[0], weight.shape[1])
        let numbers = try dequantize(weight).floats
        let transposed = (0..<taps).flatMap { tap in
            (0..<channels).map { numbers[$0 * taps + tap] }
        }
        self.weight = Tensor(transposed, [taps, channels])
        self.bias = try bias.map { try dequantizedCopy($0) }
    }

    /// The floats of its slot.
    public var stateSize: Int { (weight.shape[0] - 1) * weight.shape[1] }

    /// - Parameters:
    ///   - x: [N, C].
    ///   - slot: of the states, which have begun a batch with these rows.
    /// - Returns: [N, C].
    public func callAsFunction(
        _ x: Tensor, _ states: SequenceStates, slot: Int, rows: SequenceRows
    ) throws(TensorError) -> Tensor {
        let channels = weight.shape[1]
        try x.requireF32("the input of a causal convolution")
        guard x.shape == [rows.count, channels] else {
            throw .shape(
                of: "the input of a causal convolution", found: x.shape,
                expected: "[\(rows.count), \(channels)]")
        }
        try states.check(slot, holds: stateSize, rows)
        let result = Tensor(uninitialized: x.shape)
        let sequences = rows.bySequence
        let block = 256
        let blocks = (channels + block - 1) / block
        ThreadPool.shared.parallel(sequences.count * blocks) { index in
            let (sequence, rows) = sequences[index / blocks]
            let first = index % blocks * block
            let (old, new) = states.slot(slot, of: sequence)
            convolve(
                x, result, rows, old, new, from: first, count: min(block, channels - first))
        }
        withExtendedLifetime(x) {}
        return result
    }

    /// Some channels of the rows of one sequence.
    private func convolve(
        _ x: Tensor, _ result: Tensor, _ rows: [Int], _ old: UnsafePointer<Float>,
        _ new: UnsafeMutablePointer<Float>, from first: Int, count: Int
    ) {
        let (taps, channels) = (weight.shape[0], weight.shape[1])
        let (input, out) = (x.data(as: Float.self), result.data(as: Float.self))
        /// What the sequence saw: the states, then the rows.
        let seen = { (place: Int) -> UnsafePointer<Float> in
            place < taps - 1
                ? old + place * channels + first
                : UnsafePointer(input + rows[place - taps + 1] * channels + first)
        }
        for (place, row) in rows.enumerated() {
            let y = out + row * channels + first
            for c in 0..<count { y[c] = bias.map { $0.data(as: Float.self)[first + c] } ?? 0 }
            for tap in 0..<taps {
                let (w, x) = (
                    weight.data(as: Float.self) + tap * channels + first, seen(place + tap)
                )
                for c in 0..<count { y[c] += w[c] * x[c] }
            }
        }
        for place in 0..<taps - 1 {
            (new + place * channels + first).update(from: seen(rows.count + place), count: count)
        }
        withExtendedLifetime((weight, bias)) {}
    }
}

extension CausalConvolution {
    /// The filters of channels that a checkpoint keeps together, one part after the other: `weight`
    /// [C, K] or [C, 1, K] and, if there is one, `bias` [C].
    ///
    /// - Parameter channels: of each part.
    public static func parts(
        of weights: Weights, channels parts: [Int], taps: Int
    ) throws -> [CausalConvolution] {
        let all = parts.reduce(0, +)
        let weight = try weights.tensor(ofAnyShape: "weight").reshaped(all, taps)
        let bias = try weights.has("bias") ? weights.tensor("bias", [all]) : nil
        var first = 0
        return try parts.map { count in
            let rows = first..<first + count
            first += count
            return try CausalConvolution(weight.rows(rows), bias: bias?.rows(rows))
        }
    }
}
