import TensorRuntime

extension UNetModel {
    init(_ weights: Weights, _ c: UNetConfiguration, _ precision: Precision) throws {
        let loader = UNetLoader(c: c, precision: precision)
        let (first, last) = (c.blockOutChannels[0], c.levels - 1)
        input = try loader.convolution(weights["conv_in"], from: c.inChannels, to: first)
        time = try TimeEmbedding(weights["time_embedding"], c, precision)
        down = try (0..<c.levels).map { try loader.down(weights["down_blocks"][$0], level: $0) }
        middle = try loader.middle(weights["mid_block"], level: last)
        up = try (0..<c.levels).map { index in
            try loader.up(weights["up_blocks"][index], level: last - index, index)
        }
        norm = try GroupNorm(
            weights["conv_norm_out"], channels: first, groups: c.normNumGroups,
            epsilon: c.epsilon)
        output = try loader.convolution(weights["conv_out"], from: first, to: c.outChannels)
    }
}

extension UNetModel.TimeEmbedding {
    init(_ weights: Weights, _ c: UNetConfiguration, _ precision: Precision) throws {
        width = c.blockOutChannels[0]
        first = try Linear(
            weights["linear_1"], from: width, to: c.timeWidth, precision: precision)
        second = try Linear(
            weights["linear_2"], from: c.timeWidth, to: c.timeWidth, precision: precision)
        shift = c.freqShift ?? 0
        isCosineFirst = c.flipSinToCos ?? true
    }
}

/// Reads the blocks of a UNet.
private struct UNetLoader {
    let c: UNetConfiguration
    let precision: Precision

    private var norms: ResidualBlock.Norms {
        ResidualBlock.Norms(groups: c.normNumGroups, epsilon: c.epsilon)
    }

    func convolution(_ weights: Weights, from: Int, to: Int, stride: Int = 1) throws -> Convolution
    {
        try Convolution(
            weights, from: from, to: to, kernel: 3, stride: stride, padding: .both(1),
            precision: precision)
    }

    func down(_ weights: Weights, level: Int) throws -> UNetModel.DownBlock {
        let width = c.blockOutChannels[level]
        let before = c.blockOutChannels[max(0, level - 1)]
        let layers = try (0..<c.layersPerBlock).map { index in
            try layer(
                weights, index, level: level, from: index == 0 ? before : width,
                hasAttention: c.downBlockTypes[level].hasAttention)
        }
        let halving =
            level == c.levels - 1
            ? nil
            : try convolution(
                weights["downsamplers"][0]["conv"], from: width, to: width, stride: 2)
        return UNetModel.DownBlock(layers: layers, halving: halving)
    }

    func middle(_ weights: Weights, level: Int) throws -> UNetModel.MiddleBlock {
        let width = c.blockOutChannels[level]
        return try UNetModel.MiddleBlock(
            first: residual(weights["resnets"][0], from: width, to: width),
            attention: attention(weights["attentions"][0], level: level),
            second: residual(weights["resnets"][1], from: width, to: width))
    }

    /// - Parameter place: of the block on the way up.
    func up(_ weights: Weights, level: Int, _ place: Int) throws -> UNetModel.UpBlock {
        let width = c.blockOutChannels[level]
        let below = c.blockOutChannels[min(level + 1, c.levels - 1)]
        let above = c.blockOutChannels[max(0, level - 1)]
        let last = c.layersPerBlock
        let layers = try (0...last).map { index in
            try layer(
                weights, index, level: level,
                from: (index == 0 ? below : width) + (index == last ? above : width),
                hasAttention: c.upBlockTypes[place].hasAttention)
        }
        let doubling =
            level == 0
            ? nil : try convolution(weights["upsamplers"][0]["conv"], from: width, to: width)
        return UNetModel.UpBlock(layers: layers, doubling: doubling)
    }

    private func layer(
        _ weights: Weights, _ index: Int, level: Int, from: Int, hasAttention: Bool
    ) throws -> UNetModel.Layer {
        try UNetModel.Layer(
            residual: residual(
                weights["resnets"][index], from: from, to: c.blockOutChannels[level]),
            attention: hasAttention
                ? attention(weights["attentions"][index], level: level) : nil)
    }

    private func residual(_ weights: Weights, from: Int, to: Int) throws -> ResidualBlock {
        try ResidualBlock(
            weights, from: from, to: to, timeWidth: c.timeWidth, norms, precision)
    }

    private func attention(_ weights: Weights, level: Int) throws -> SpatialTransformer {
        try SpatialTransformer(
            weights,
            .init(
                channels: c.blockOutChannels[level], heads: c.heads(level),
                text: c.crossAttentionDim),
            blocks: c.transformerLayers(level), groups: c.normNumGroups,
            isLinear: c.useLinearProjection ?? false, precision)
    }
}
