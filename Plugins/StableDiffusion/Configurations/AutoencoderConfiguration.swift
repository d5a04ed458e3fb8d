import PluginCommon

/// `vae/config.json`.
struct AutoencoderConfiguration: Decodable, Sendable {
    let inChannels: Int
    let outChannels: Int
    let latentChannels: Int
    let blockOutChannels: [Int]
    let downBlockTypes: [String]
    let upBlockTypes: [String]
    let layersPerBlock: Int
    let normNumGroups: Int
    /// What latents are multiplied with, so that their variance is 1.
    let scalingFactor: Double?
    let shiftFactor: Double?
    let useQuantConv: Bool?
    let usePostQuantConv: Bool?
    let midBlockAddAttention: Bool?
    let actFn: String?
    let latentsMean: [Double]?
    let latentsStd: [Double]?

    static let epsilon: Float = 1e-6

    var levels: Int { blockOutChannels.count }
    /// Pixels of an image per latent, along each axis.
    var factor: Int { 1 << (levels - 1) }
    var scale: Double { scalingFactor ?? 0.18215 }

    var norms: ResidualBlock.Norms {
        ResidualBlock.Norms(groups: normNumGroups, epsilon: Self.epsilon)
    }

    func check() throws {
        try ConfigurationChecks.sizes([
            "latent_channels": latentChannels, "layers_per_block": layersPerBlock,
            "norm_num_groups": normNumGroups,
        ])
        guard (1...8).contains(levels) else {
            throw ConfigurationError.range(
                "block_out_channels", found: "\(levels) levels", expected: "1 to 8")
        }
        for (key, types, expected) in [
            ("down_block_types", downBlockTypes, "DownEncoderBlock2D"),
            ("up_block_types", upBlockTypes, "UpDecoderBlock2D"),
        ] where types != Array(repeating: expected, count: levels) {
            throw ConfigurationError.unsupported(
                key, found: types.joined(separator: ", "),
                expected: "\(expected) \(levels) times")
        }
        for width in blockOutChannels {
            try ConfigurationChecks.size("block_out_channels", width)
            try ConfigurationChecks.divides(
                normNumGroups, "norm_num_groups", width, "block_out_channels")
        }
        try ConfigurationChecks.positive(["scaling_factor": Float(scale)])
        try ConfigurationChecks.expect("in_channels", "\(inChannels)", "3")
        try ConfigurationChecks.expect("out_channels", "\(outChannels)", "3")
        try ConfigurationChecks.expect("act_fn", actFn, "silu")
        try ConfigurationChecks.expect("latents_mean", latentsMean.map { "\($0)" }, "null")
        try ConfigurationChecks.expect("latents_std", latentsStd.map { "\($0)" }, "null")
    }
}
