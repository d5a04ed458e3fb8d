import Glibc
import TensorRuntime

/// The network that predicts the noise in latents: Rombach et al. 2021 (arXiv:2112.10752), section 3.3,
/// over the UNet of Ho et al. 2020 (arXiv:2006.11239), appendix B; as diffusers'
/// `UNet2DConditionModel`.
///
/// The letters of the shapes:
///
///     N  images of the batch        C  channels of a level
///     H, W  pixels of a level       E  channels of the latents
///     T  width of a time embedding
struct UNetModel: Sendable {
    let input: Convolution  // [C, E, 3, 3]
    let time: TimeEmbedding
    let down: [DownBlock]
    let middle: MiddleBlock
    let up: [UpBlock]
    let norm: GroupNorm  // [C]
    let output: Convolution  // [E, C, 3, 3]

    /// - Parameters:
    ///   - latents: [N, H, W, E].
    ///   - times: N of them, in steps of the training.
    ///   - text: one for each image.
    ///   - beforeBlock: called with what goes into each block.
    /// - Returns: [N, H, W, E].
    func callAsFunction(
        _ latents: Tensor, times: [Float], _ text: TextStates,
        beforeBlock: (Tensor) throws -> Void
    ) throws -> Tensor {
        let time = try self.time(times)  // [N, T]
        var x = try input(latents)  // [N, H, W, C]
        var skips = [x]
        for block in down {
            try beforeBlock(x)
            x = try block(x, time, text, &skips)
        }
        try beforeBlock(x)
        x = try middle(x, time, text)
        for block in up {
            try beforeBlock(x)
            x = try block(x, time, text, &skips)
        }
        return try output(norm(x, then: .silu))  // [N, H, W, E]
    }

    /// Sines and cosines of the time, Vaswani et al. 2017 (arXiv:1706.03762), section 3.5, through two
    /// maps, activated for the residual blocks.
    ///
    ///     e = [cos(t·ω), sin(t·ω)], ωᵢ = 10000^(-i / (C/2 - shift));  y = silu(silu(e·W₁)·W₂)
    struct TimeEmbedding: Sendable {
        let first: Linear  // [T, C]
        let second: Linear  // [T, T]
        let width: Int
        let shift: Float
        let isCosineFirst: Bool

        func callAsFunction(_ times: [Float]) throws -> Tensor {
            try silu(second(first(waves(times), then: .silu)))  // [N, T]
        }

        func waves(_ times: [Float]) -> Tensor {
            let half = width / 2
            let frequencies = (0..<half).map { index in
                // In float32, as the reference: at t = 999 its rounding shows.
                expf(-logf(10000) * Float(index) / (Float(half) - shift))
            }
            let rows = times.flatMap { time in
                let angles = frequencies.map { time * $0 }
                let (sines, cosines) = (angles.map(sinf), angles.map(cosf))
                return isCosineFirst ? cosines + sines : sines + cosines
            }
            return Tensor(rows, [times.count, width])
        }
    }

    /// A residual block, and attention on the levels that have it.
    struct Layer: Sendable {
        let residual: ResidualBlock
        let attention: SpatialTransformer?

        func callAsFunction(_ x: Tensor, _ time: Tensor, _ text: TextStates) throws -> Tensor {
            let y = try residual(x, time: time)
            return try attention?(y, text) ?? y
        }
    }

    /// A level on the way down; each layer's output is kept for the way up.
    struct DownBlock: Sendable {
        let layers: [Layer]
        let halving: Convolution?  // [C, C, 3, 3], in steps of 2

        func callAsFunction(
            _ x: Tensor, _ time: Tensor, _ text: TextStates, _ skips: inout [Tensor]
        ) throws -> Tensor {
            var x = x
            for layer in layers {
                x = try layer(x, time, text)
                skips.append(x)
            }
            guard let halving else { return x }
            x = try halving(x)
            skips.append(x)
            return x
        }
    }

    struct MiddleBlock: Sendable {
        let first: ResidualBlock
        let attention: SpatialTransformer
        let second: ResidualBlock

        func callAsFunction(_ x: Tensor, _ time: Tensor, _ text: TextStates) throws -> Tensor {
            try second(attention(first(x, time: time), text), time: time)
        }
    }

    /// A level on the way up; each layer also reads what the way down kept.
    struct UpBlock: Sendable {
        let layers: [Layer]
        let doubling: Convolution?  // [C, C, 3, 3], of the enlarged image

        func callAsFunction(
            _ x: Tensor, _ time: Tensor, _ text: TextStates, _ skips: inout [Tensor]
        ) throws -> Tensor {
            var x = x
            for layer in layers {
                x = try layer(Tensor(besides: [x, skips.removeLast()]), time, text)
            }
            // The level above may have an odd size.
            guard let doubling, let above = skips.last else { return x }
            return try doubling(x, enlargedTo: above.shape[1], above.shape[2])
        }
    }
}
