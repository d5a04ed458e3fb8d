import TensorRuntime

/// The residual block of the UNet and the autoencoder, He et al. 2016 (arXiv:1603.05027) with group
/// norms, as diffusers' `ResnetBlock2D`.
///
///     h = Conv₁(silu(Norm₁(x))) + time·Wt;  y = x·Ws + Conv₂(silu(Norm₂(h)))
///
/// The letters: N images of H × W pixels, C channels in, O channels out, T the width of a time embedding.
struct ResidualBlock: Sendable {
    let firstNorm: GroupNorm  // [C]
    let first: Convolution  // [O, C, 3, 3]
    let time: Linear?  // [O, T]; the autoencoder knows no time
    let secondNorm: GroupNorm  // [O]
    let second: Convolution  // [O, O, 3, 3]
    let shortcut: Convolution?  // [O, C, 1, 1] where C is not O

    /// - Parameters:
    ///   - x: [N, H, W, C].
    ///   - time: [N, T], activated.
    /// - Returns: [N, H, W, O].
    func callAsFunction(_ x: Tensor, time: Tensor? = nil) throws -> Tensor {
        let shift = try time.flatMap { try self.time?($0) }  // [N, O]
        let h = try first(firstNorm(x, then: .silu), adding: shift)  // [N, H, W, O]
        let y = try second(secondNorm(h, then: .silu))  // [N, H, W, O]
        return try (shortcut?(x) ?? x) + y  // [N, H, W, O]
    }
}

// MARK: - Loading

extension ResidualBlock {
    /// How the norms of a network are grouped.
    struct Norms {
        let groups: Int
        let epsilon: Float
    }

    /// - Parameter timeWidth: nil for a network that knows no time.
    init(
        _ weights: Weights, from: Int, to: Int, timeWidth: Int? = nil, _ norms: Norms,
        _ precision: Precision
    ) throws {
        func norm(_ name: String, _ channels: Int) throws -> GroupNorm {
            try GroupNorm(
                weights[name], channels: channels, groups: norms.groups, epsilon: norms.epsilon)
        }
        firstNorm = try norm("norm1", from)
        first = try Convolution(
            weights["conv1"], from: from, to: to, kernel: 3, padding: .both(1),
            precision: precision)
        time = try timeWidth.map {
            try Linear(weights["time_emb_proj"], from: $0, to: to, precision: precision)
        }
        secondNorm = try norm("norm2", to)
        second = try Convolution(
            weights["conv2"], from: to, to: to, kernel: 3, padding: .both(1), precision: precision)
        shortcut =
            from == to
            ? nil
            : try Convolution(
                weights["conv_shortcut"], from: from, to: to, kernel: 1, precision: precision)
    }
}
