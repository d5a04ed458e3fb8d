import PluginCommon

/// `unet/config.json`.
struct UNetConfiguration: Decodable, Sendable {
    let inChannels: Int
    let outChannels: Int
    /// Pixels of the latents that it was trained on.
    let sampleSize: Int?
    let blockOutChannels: [Int]
    let downBlockTypes: [BlockType]
    let upBlockTypes: [BlockType]
    let midBlockType: String?
    let layersPerBlock: Int
    let crossAttentionDim: Int
    let transformerLayersPerBlock: PerLevel?
    /// By a mistake that became convention, the number of heads if `num_attention_heads` is
    /// missing.
    let attentionHeadDim: PerLevel
    let numAttentionHeads: PerLevel?
    let normNumGroups: Int
    let normEps: Float?
    let flipSinToCos: Bool?
    let freqShift: Float?
    let useLinearProjection: Bool?

    let actFn: String?
    let additionEmbedType: String?
    let classEmbedType: String?
    let encoderHidDimType: String?
    let timeCondProjDim: Int?
    let timeEmbeddingType: String?
    let resnetTimeScaleShift: String?
    let attentionType: String?
    let convInKernel: Int?
    let convOutKernel: Int?
    let downsamplePadding: Int?
    let midBlockScaleFactor: Float?
    let onlyCrossAttention: Bool?
    let dualCrossAttention: Bool?
    let centerInputSample: Bool?

    enum BlockType: String, NamedValue, Sendable {
        case plainDown = "DownBlock2D"
        case attentionDown = "CrossAttnDownBlock2D"
        case plainUp = "UpBlock2D"
        case attentionUp = "CrossAttnUpBlock2D"

        var hasAttention: Bool { self == .attentionDown || self == .attentionUp }
    }

    /// A number for each level, or one for all.
    enum PerLevel: Decodable, Sendable {
        case all(Int)
        case each([Int])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(Int.self) {
                self = .all(one)
            } else {
                self = .each(try container.decode([Int].self))
            }
        }

        var numbers: [Int] {
            switch self {
            case .all(let number): [number]
            case .each(let numbers): numbers
            }
        }

        /// - Precondition: there is a number for the level.
        subscript(level: Int) -> Int {
            switch self {
            case .all(let number): number
            case .each(let numbers): numbers[level]
            }
        }
    }

    var levels: Int { blockOutChannels.count }
    var timeWidth: Int { 4 * blockOutChannels[0] }
    var epsilon: Float { normEps ?? 1e-5 }

    func heads(_ level: Int) -> Int { (numAttentionHeads ?? attentionHeadDim)[level] }

    func transformerLayers(_ level: Int) -> Int { transformerLayersPerBlock?[level] ?? 1 }
}

// MARK: - Checks

extension UNetConfiguration {
    func check() throws {
        try checkKind()
        try ConfigurationChecks.sizes([
            "in_channels": inChannels, "layers_per_block": layersPerBlock,
            "cross_attention_dim": crossAttentionDim, "norm_num_groups": normNumGroups,
        ])
        // There are several times as many pixels, and attention is quadratic in them.
        try ConfigurationChecks.sizes(["sample_size": sampleSize ?? 1], to: 1 << 20)
        guard (1...16).contains(levels), downBlockTypes.count == levels,
            upBlockTypes.count == levels
        else {
            throw ConfigurationError.range(
                "block_out_channels", found: "\(levels) levels",
                expected: "one for each of down_block_types and up_block_types, at most 16")
        }
        for (key, numbers) in [
            ("attention_head_dim", attentionHeadDim), ("num_attention_heads", numAttentionHeads),
            ("transformer_layers_per_block", transformerLayersPerBlock),
        ] {
            if let numbers { try check(key, numbers) }
        }
        for level in 0..<levels { try check(level: level) }
        try ConfigurationChecks.positive(["norm_eps": epsilon])
        guard outChannels == inChannels else {
            throw ConfigurationError.unsupported(
                "in_channels", found: "\(inChannels)", expected: "\(outChannels) as out_channels")
        }
    }

    private func check(_ key: String, _ numbers: PerLevel) throws {
        if case .each(let each) = numbers, each.count != levels {
            throw ConfigurationError.range(
                key, found: "\(each.count) numbers", expected: "\(levels), one for each level")
        }
        for number in numbers.numbers { try ConfigurationChecks.size(key, number) }
    }

    private func check(level: Int) throws {
        let width = blockOutChannels[level]
        try ConfigurationChecks.size("block_out_channels", width)
        try ConfigurationChecks.divides(
            normNumGroups, "norm_num_groups", width, "block_out_channels")
        try ConfigurationChecks.divides(
            heads(level), "attention_head_dim", width, "block_out_channels")
        try ConfigurationChecks.divides(2, nil, width, "block_out_channels")
    }

    /// Features of other networks of this class.
    private func checkKind() throws {
        let expect: (String, String?, String) throws -> Void = ConfigurationChecks.expect
        try expect("addition_embed_type", additionEmbedType, "null")
        try expect("class_embed_type", classEmbedType, "null")
        try expect("encoder_hid_dim_type", encoderHidDimType, "null")
        try expect("time_cond_proj_dim", timeCondProjDim.map(String.init), "null")
        try expect("time_embedding_type", timeEmbeddingType, "positional")
        try expect("resnet_time_scale_shift", resnetTimeScaleShift, "default")
        try expect("attention_type", attentionType, "default")
        try expect("act_fn", actFn, "silu")
        try expect("mid_block_type", midBlockType, "UNetMidBlock2DCrossAttn")
        try expect("conv_in_kernel", convInKernel.map(String.init), "3")
        try expect("conv_out_kernel", convOutKernel.map(String.init), "3")
        try expect("downsample_padding", downsamplePadding.map(String.init), "1")
        try expect("mid_block_scale_factor", midBlockScaleFactor.map { "\($0)" }, "1.0")
        try expect("only_cross_attention", onlyCrossAttention.map { "\($0)" }, "false")
        try expect("dual_cross_attention", dualCrossAttention.map { "\($0)" }, "false")
        try expect("center_input_sample", centerInputSample.map { "\($0)" }, "false")
    }
}
