import Glibc
import PluginCommon
import TensorRuntime

/// A layer of the gated delta rule, Yang et al. 2024 (arXiv:2412.06464), section 3.3, with an output
/// gate.
///
///     q, k, v = silu(conv(x·Wqᵀ)), silu(conv(x·Wkᵀ)), silu(conv(x·Wvᵀ))
///     g = exp(-exp(A) · softplus(x·Waᵀ + bias)),  β = sigmoid(x·Wbᵀ)
///     y = (RMSNorm(delta(q / (‖q‖ √k), k / ‖k‖, v, g, β)) ⊙ silu(x·Wzᵀ)) · Woᵀ
struct GatedDeltaNet: DecoderLayer {
    let queries: Linear  // [G·k, D]
    let keys: Linear  // [G·k, D]
    let values: Linear  // [H·v, D]
    let queryFilter: CausalConvolution  // [G·k, K]
    let keyFilter: CausalConvolution  // [G·k, K]
    let valueFilter: CausalConvolution  // [H·v, K]
    let queryNorm: RMSNorm  // [k]
    let keyNorm: RMSNorm  // [k]
    /// For each of the H heads of values the one of the G of queries and keys.
    let keyHeads: [Int]
    let decays: Linear  // [H, D]
    let decayBias: [Float]  // [H]
    /// -exp(A)
    let decayRates: [Float]  // [H]
    let rates: Linear  // [H, D]
    let gates: Linear  // [H·v, D]
    let norm: RMSNorm  // [v]
    let output: Linear  // [D, H·v]
    let sizes: Sizes

    struct Sizes {
        let groups: Int
        let heads: Int
        let keySize: Int
        let valueSize: Int
        /// K
        let taps: Int

        /// The floats of the slots: three convolutions, and the matrices.
        var slots: [Int] {
            [
                (taps - 1) * groups * keySize, (taps - 1) * groups * keySize,
                (taps - 1) * heads * valueSize, heads * keySize * valueSize,
            ]
        }
    }

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        let (n, s, states) = (rows.count, sizes, cache.recurrent)
        let (q, k, v) = try Linear.apply(queries, keys, values, to: x)  // 2 of [N, G·k], [N, H·v]
        let filteredQ = try silu(queryFilter(q, states, slot: layer, rows: rows))
        let filteredK = try silu(keyFilter(k, states, slot: layer + 1, rows: rows))
        let filteredV = try silu(valueFilter(v, states, slot: layer + 2, rows: rows))
        let y = try gatedDeltaRule(
            queries: queryNorm(filteredQ.reshaped(n, s.groups, s.keySize)),
            keys: keyNorm(filteredK.reshaped(n, s.groups, s.keySize)),
            values: filteredV.reshaped(n, s.heads, s.valueSize), keyHeads: keyHeads,
            decay: decay(decays(x)), rate: sigmoid(rates(x)), states: states, slot: layer + 3,
            rows: rows)  // [N, H, v]
        let z = try gates(x).reshaped(n, s.heads, s.valueSize)  // [N, H, v]
        let gated = try Activation.silu.gated(z, norm(y))  // [N, H, v]
        return try output(gated.reshaped(n, -1))  // [N, D]
    }

    /// exp(-exp(A) · softplus(x + bias)).
    ///
    /// - Parameter x: [N, H].
    private func decay(_ x: Tensor) -> Tensor {
        var decay = x
        decay.withMutableFloats { numbers in
            for index in numbers.indices {
                let head = index % sizes.heads
                numbers[index] = exp(
                    decayRates[head] * softplus(numbers[index] + decayBias[head]))
            }
        }
        return decay
    }
}

/// ln(1 + exp x), Dugas et al. 2001.
func softplus(_ x: Float) -> Float { x > 20 ? x : log1p(exp(x)) }

// MARK: - Loading

extension GatedDeltaNet {
    /// The rows of the maps and of the filters are those of all queries, of all keys, of all values.
    ///
    /// - Parameters:
    ///   - maps: of queries, keys and values.
    ///   - rates: b and a.
    ///   - keyHeads: of each head of values.
    init(
        _ weights: Weights, _ c: DecoderConfiguration, _ sizes: Sizes, maps: [Linear],
        gates: Linear, rates: (b: Linear, a: Linear), keyHeads: [Int]
    ) throws {
        let (wide, narrow) = (sizes.heads * sizes.valueSize, sizes.groups * sizes.keySize)
        let filters = try CausalConvolution.parts(
            of: weights["conv1d"], channels: [narrow, narrow, wide], taps: sizes.taps)
        (queries, keys, values) = (maps[0], maps[1], maps[2])
        (queryFilter, keyFilter, valueFilter) = (filters[0], filters[1], filters[2])
        queryNorm = try Self.unit(sizes.keySize, times: 1 / Float(sizes.keySize).squareRoot())
        keyNorm = try Self.unit(sizes.keySize, times: 1)
        self.keyHeads = keyHeads
        (self.rates, decays) = (rates.b, rates.a)
        self.gates = gates
        let bias =
            try weights.has("dt_bias")
            ? weights.tensor("dt_bias", [sizes.heads]) : weights["dt"].tensor("bias", [sizes.heads])
        decayBias = try dequantize(bias).floats
        // GGUF files have -exp(A).
        decayRates =
            try weights.has("A_log")
            ? dequantize(weights.tensor("A_log", [sizes.heads])).floats.map { -exp($0) }
            : dequantize(weights.tensor("a", [sizes.heads])).floats
        norm = try RMSNorm(weights["norm"], width: sizes.valueSize, epsilon: c.normEpsilon)
        output = try Linear(weights["out_proj"], from: wide, to: c.hiddenSize)
        self.sizes = sizes
    }

    /// x / √(‖x‖² + 10⁻⁶), times a factor.
    private static func unit(_ size: Int, times factor: Float) throws -> RMSNorm {
        let weight = factor / Float(size).squareRoot()
        return try RMSNorm(
            Tensor([Float](repeating: weight, count: size), [size]), epsilon: 1e-6 / Float(size))
    }
}
