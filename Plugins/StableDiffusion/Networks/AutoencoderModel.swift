import TensorRuntime

/// The autoencoder between images and latents: Rombach et al. 2021 (arXiv:2112.10752), section 3.1,
/// as diffusers' `AutoencoderKL`.
///
/// The letters of the shapes:
///
///     N  images of the batch          C  channels of a level
///     H, W  pixels of a level         E  channels of the latents
struct AutoencoderModel: Sendable {
    let encoder: Encoder
    let decoder: Decoder

    /// From images to the normal distribution of their latents.
    struct Encoder: Sendable {
        let input: Convolution  // [C, 3, 3, 3]
        let levels: [Level]
        let middle: Middle
        let norm: GroupNorm  // [C]
        let output: Convolution  // [2·E, C, 3, 3]
        let moments: Convolution?  // [2·E, 2·E, 1, 1]

        /// - Parameters:
        ///   - image: [N, H, W, 3], -1 to 1.
        ///   - beforeBlock: called before each block.
        /// - Returns: [N, H', W', 2·E]: means, and logarithms of variances.
        func callAsFunction(
            _ image: Tensor, beforeBlock: () throws -> Void
        ) throws -> Tensor {
            var x = try input(image)
            for level in levels {
                try beforeBlock()
                x = try level(x)
            }
            try beforeBlock()
            let y = try output(norm(middle(x), then: .silu))  // [N, H', W', 2·E]
            return try moments?(y) ?? y
        }
    }

    /// From latents to images.
    struct Decoder: Sendable {
        let latents: Convolution?  // [E, E, 1, 1]
        let input: Convolution  // [C, E, 3, 3]
        let middle: Middle
        let levels: [Level]
        let norm: GroupNorm  // [C]
        let output: Convolution  // [3, C, 3, 3]

        /// - Parameters:
        ///   - z: [N, H', W', E].
        ///   - beforeBlock: called before each block.
        /// - Returns: [N, H, W, 3], -1 to 1 or a little beyond.
        func callAsFunction(_ z: Tensor, beforeBlock: () throws -> Void) throws -> Tensor {
            try beforeBlock()
            var x = try middle(input(latents?(z) ?? z))
            for level in levels {
                try beforeBlock()
                x = try level(x)
            }
            try beforeBlock()
            return try output(norm(x, then: .silu))  // [N, H, W, 3]
        }
    }

    /// Residual blocks, then half or twice the size.
    struct Level: Sendable {
        enum Scaling: Sendable {
            case none
            case halving(Convolution)  // [C, C, 3, 3], in steps of 2
            case doubling(Convolution)  // [C, C, 3, 3], of the enlarged image
        }

        let blocks: [ResidualBlock]
        let scaling: Scaling

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            var x = x
            for block in blocks { x = try block(x) }
            switch scaling {
            case .none: return x
            case .halving(let convolution): return try convolution(x)
            case .doubling(let convolution):
                return try convolution(x, enlargedTo: 2 * x.shape[1], 2 * x.shape[2])
            }
        }
    }

    struct Middle: Sendable {
        let first: ResidualBlock
        let attention: Attention?
        let second: ResidualBlock

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let y = try first(x)
            return try second(attention?(y) ?? y)
        }
    }

    /// Attention of every pixel to all of its image, in one head.
    ///
    ///     y = x + softmax(n·Wq · (n·Wk)ᵀ / √C) · n·Wv · Wo,  n = Norm(x)
    struct Attention: Sendable {
        let norm: GroupNorm  // [C]
        let queries: Linear  // [C, C]
        let keys: Linear  // [C, C]
        let values: Linear  // [C, C]
        let output: Linear  // [C, C]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let (images, pixels, width) = (x.shape[0], x.shape[1] * x.shape[2], x.width)
            let n = try norm(x).reshaped(-1, width)  // [N·H·W, C]
            let (q, k, v) = try Linear.apply(queries, keys, values, to: n)  // [N·H·W, C]
            let mixed = try encoderAttention(
                queries: q.reshaped(-1, 1, width), keys: k.reshaped(-1, 1, width),
                values: v.reshaped(-1, 1, width),
                sequences: PackedSequences(lengths: Array(repeating: pixels, count: images)),
                scale: 1 / Float(width).squareRoot())  // [N·H·W, C]
            return try x + output(mixed).reshaped(images, x.shape[1], x.shape[2], width)
        }
    }
}

// MARK: - Loading

extension AutoencoderModel {
    init(_ weights: Weights, _ c: AutoencoderConfiguration, _ precision: Precision) throws {
        encoder = try Encoder(weights, c, precision)
        decoder = try Decoder(weights, c, precision)
    }

    /// Attention's names in the files of the first releases.
    static func currentName(_ stored: String) -> String? {
        let parts = stored.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.contains("attentions") else { return stored }
        return parts.map { earlyNames[String($0)] ?? String($0) }.joined(separator: ".")
    }

    private static let earlyNames = [
        "query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0",
    ]
}

extension AutoencoderModel.Encoder {
    init(_ weights: Weights, _ c: AutoencoderConfiguration, _ precision: Precision) throws {
        let own = weights["encoder"]
        let (widths, last) = (c.blockOutChannels, c.levels - 1)
        input = try Convolution(
            own["conv_in"], from: 3, to: widths[0], kernel: 3, padding: .both(1),
            precision: precision)
        levels = try (0...last).map { level in
            try AutoencoderModel.Level(
                own["down_blocks"][level], c, from: widths[max(0, level - 1)],
                to: widths[level], blocks: c.layersPerBlock,
                scaling: level == last ? nil : "downsamplers", precision)
        }
        middle = try AutoencoderModel.Middle(own["mid_block"], c, precision)
        norm = try GroupNorm(
            own["conv_norm_out"], channels: widths[last], groups: c.normNumGroups,
            epsilon: AutoencoderConfiguration.epsilon)
        let moments = 2 * c.latentChannels
        output = try Convolution(
            own["conv_out"], from: widths[last], to: moments, kernel: 3, padding: .both(1),
            precision: precision)
        self.moments =
            c.useQuantConv ?? true
            ? try Convolution(
                weights["quant_conv"], from: moments, to: moments, kernel: 1, precision: precision)
            : nil
    }
}

extension AutoencoderModel.Decoder {
    init(_ weights: Weights, _ c: AutoencoderConfiguration, _ precision: Precision) throws {
        let own = weights["decoder"]
        let widths = Array(c.blockOutChannels.reversed())
        latents =
            c.usePostQuantConv ?? true
            ? try Convolution(
                weights["post_quant_conv"], from: c.latentChannels, to: c.latentChannels,
                kernel: 1, precision: precision)
            : nil
        input = try Convolution(
            own["conv_in"], from: c.latentChannels, to: widths[0], kernel: 3, padding: .both(1),
            precision: precision)
        middle = try AutoencoderModel.Middle(own["mid_block"], c, precision)
        levels = try widths.indices.map { level in
            try AutoencoderModel.Level(
                own["up_blocks"][level], c, from: widths[max(0, level - 1)], to: widths[level],
                blocks: c.layersPerBlock + 1,
                scaling: level == widths.count - 1 ? nil : "upsamplers", precision)
        }
        let width = widths[widths.count - 1]
        norm = try GroupNorm(
            own["conv_norm_out"], channels: width, groups: c.normNumGroups,
            epsilon: AutoencoderConfiguration.epsilon)
        output = try Convolution(
            own["conv_out"], from: width, to: 3, kernel: 3, padding: .both(1),
            precision: precision)
    }
}

extension AutoencoderModel.Level {
    /// - Parameter scaling: the folder of the convolution that scales; nil for none.
    init(
        _ weights: Weights, _ c: AutoencoderConfiguration, from: Int, to: Int, blocks count: Int,
        scaling: String?, _ precision: Precision
    ) throws {
        blocks = try (0..<count).map { index in
            try ResidualBlock(
                weights["resnets"][index], from: index == 0 ? from : to, to: to, c.norms,
                precision)
        }
        guard let scaling else {
            self.scaling = .none
            return
        }
        // Zeros stand on the right and below only.
        let halves = scaling == "downsamplers"
        let convolution = try Convolution(
            weights[scaling][0]["conv"], from: to, to: to, kernel: 3, stride: halves ? 2 : 1,
            padding: halves ? .init(before: 0, after: 1) : .both(1), precision: precision)
        self.scaling = halves ? .halving(convolution) : .doubling(convolution)
    }
}

extension AutoencoderModel.Middle {
    init(_ weights: Weights, _ c: AutoencoderConfiguration, _ precision: Precision) throws {
        let width = c.blockOutChannels[c.levels - 1]
        func block(_ index: Int) throws -> ResidualBlock {
            try ResidualBlock(
                weights["resnets"][index], from: width, to: width, c.norms, precision)
        }
        first = try block(0)
        attention =
            c.midBlockAddAttention ?? true
            ? try AutoencoderModel.Attention(
                weights["attentions"][0], c, width: width, precision)
            : nil
        second = try block(1)
    }
}

extension AutoencoderModel.Attention {
    init(
        _ weights: Weights, _ c: AutoencoderConfiguration, width: Int, _ precision: Precision
    ) throws {
        func map(_ weights: Weights) throws -> Linear {
            try Linear(weights, from: width, to: width, precision: precision)
        }
        norm = try GroupNorm(
            weights["group_norm"], channels: width, groups: c.normNumGroups,
            epsilon: AutoencoderConfiguration.epsilon)
        queries = try map(weights["to_q"])
        keys = try map(weights["to_k"])
        values = try map(weights["to_v"])
        output = try map(weights["to_out"][0])
    }
}
