import Glibc
import PluginCommon
import TensorRuntime

/// A layer of selective state spaces, Dao and Gu 2024 (arXiv:2405.21060), section 7.
///
///     h, B, C = silu(conv(x·Whᵀ)), silu(conv(x·WBᵀ)), silu(conv(x·WCᵀ))
///     Δ = softplus(x·WΔᵀ + bias)
///     y = RMSNorm((scan(h, B, C, Δ) + d ⊙ h) ⊙ silu(x·Wzᵀ)) · Woᵀ
struct StateSpaceMixer: DecoderLayer {
    let gates: Linear  // [I, D]
    let values: Linear  // [I, D]
    let inputs: Linear  // [G·s, D]
    let outputs: Linear  // [G·s, D]
    let steps: Linear  // [H, D]
    let valueFilter: CausalConvolution  // [I, K]
    let inputFilter: CausalConvolution  // [G·s, K]
    let outputFilter: CausalConvolution  // [G·s, K]
    let stepBias: [Float]  // [H]
    /// The least and the most of Δ.
    let stepLimits: (Float, Float)
    /// -exp(A)
    let rates: Tensor  // [H]
    /// d
    let skip: [Float]  // [H]
    let norm: GroupNorms
    let output: Linear  // [D, I]
    let sizes: Sizes

    struct Sizes {
        /// I, of all heads.
        let inner: Int
        let heads: Int
        let groups: Int
        let stateSize: Int
        /// K
        let taps: Int

        /// The floats of the slots: three convolutions, and the states.
        var slots: [Int] {
            [
                (taps - 1) * inner, (taps - 1) * groups * stateSize,
                (taps - 1) * groups * stateSize, inner * stateSize,
            ]
        }
    }

    /// An RMSNorm of each group's part, with weights of its own.
    struct GroupNorms {
        /// Without weights.
        let unit: RMSNorm  // [I / groups]
        let unitWidth: Int
        let weight: Tensor  // [I]

        /// - Parameter x: [N, I].
        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let (n, inner) = (x.rowCount, x.width)
            var y = try unit(x.reshaped(n, inner / unitWidth, unitWidth)).reshaped(n, inner)
            weight.withFloats { weight in
                y.withMutableFloats { numbers in
                    for index in numbers.indices { numbers[index] *= weight[index % inner] }
                }
            }
            return y
        }
    }

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let (n, s, states) = (rows.count, sizes, cache.recurrent)
        let (values, inputs, outputs) = try Linear.apply(values, inputs, outputs, to: x)
        let h = try silu(valueFilter(values, states, slot: layer, rows: rows))
            .reshaped(n, s.heads, -1)  // [N, H, p]
        let b = try silu(inputFilter(inputs, states, slot: layer + 1, rows: rows))
        let c = try silu(outputFilter(outputs, states, slot: layer + 2, rows: rows))
        let y = try selectiveScan(
            h, inputs: b.reshaped(n, s.groups, s.stateSize),
            outputs: c.reshaped(n, s.groups, s.stateSize), steps: delta(steps(x)), rates: rates,
            states: states, slot: layer + 3, rows: rows)  // [N, H, p]
        let both = try skipping(y, h).reshaped(n, s.inner)
        return try output(norm(Activation.silu.gated(gates(x), both)))  // [N, D]
    }

    /// softplus(x + bias), within its limits.
    ///
    /// - Parameter x: [N, H].
    private func delta(_ x: Tensor) -> Tensor {
        var delta = x
        delta.withMutableFloats { numbers in
            for index in numbers.indices {
                let step = softplus(numbers[index] + stepBias[index % sizes.heads])
                numbers[index] = min(max(step, stepLimits.0), stepLimits.1)
            }
        }
        return delta
    }

    /// y + d ⊙ h.
    ///
    /// - Parameters:
    ///   - y: [N, H, p].
    ///   - h: [N, H, p].
    private func skipping(_ y: Tensor, _ h: Tensor) -> Tensor {
        var sum = y
        let size = h.width
        h.withFloats { h in
            sum.withMutableFloats { numbers in
                for index in numbers.indices {
                    numbers[index] += skip[index / size % sizes.heads] * h[index]
                }
            }
        }
        return sum
    }
}

// MARK: - Loading

extension StateSpaceMixer {
    static func check(_ s: Sizes) throws {
        try ConfigurationChecks.size("conv_kernel", s.taps, from: 2, to: 64)
        try ConfigurationChecks.sizes(["state_size": s.stateSize, "n_groups": s.groups], to: 4096)
        try ConfigurationChecks.divides(s.groups, "n_groups", s.heads, "num_heads")
        try ConfigurationChecks.divides(s.heads, "num_heads", s.inner, "intermediate_size")
    }

    /// - Parameter steps: the least and the most of Δ.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ s: Sizes, steps limits: (Float, Float)
    ) throws {
        let (inner, narrow) = (s.inner, s.groups * s.stateSize)
        let maps = try Linear.parts(
            of: weights["in_proj"], from: c.hiddenSize,
            to: [inner, inner, narrow, narrow, s.heads])
        let filters = try CausalConvolution.parts(
            of: weights["conv1d"], channels: [inner, narrow, narrow], taps: s.taps)
        (gates, values, inputs, outputs) = (maps[0], maps[1], maps[2], maps[3])
        steps = maps[4]
        (valueFilter, inputFilter, outputFilter) = (filters[0], filters[1], filters[2])
        let numbers = { (tensor: Tensor) in try dequantize(tensor.reshaped(s.heads)).floats }
        stepBias = try numbers(
            weights.has("dt_bias")
                ? weights.tensor(ofAnyShape: "dt_bias")
                : weights["dt"].tensor(ofAnyShape: "bias"))
        stepLimits = limits
        // GGUF files have -exp(A).
        rates = Tensor(
            try weights.has("A_log")
                ? numbers(weights.tensor(ofAnyShape: "A_log")).map { -exp($0) }
                : numbers(weights.tensor(ofAnyShape: "a")), [s.heads])
        skip = try numbers(weights.tensor(ofAnyShape: "D"))
        norm = try GroupNorms(weights["norm"], inner, groups: s.groups, epsilon: c.normEpsilon)
        output = try Linear(weights["out_proj"], from: inner, to: c.hiddenSize)
        sizes = s
    }
}

extension StateSpaceMixer.GroupNorms {
    fileprivate init(_ weights: Weights, _ inner: Int, groups: Int, epsilon: Float) throws {
        unitWidth = inner / groups
        unit = try RMSNorm(
            Tensor([Float](repeating: 1, count: unitWidth), [unitWidth]), epsilon: epsilon)
        weight = try dequantize(weights.tensor(ofAnyShape: "weight").reshaped(inner))
    }
}
