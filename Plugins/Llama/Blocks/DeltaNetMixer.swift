import PluginCommon
import TensorRuntime

/// What stands in a layer of Qwen3-Next and Qwen 3.5 before its feed-forward: in most a matrix that is
/// remembered, in every fourth attention.
enum DeltaNetMixer: DecoderLayer {
    case delta(GatedDeltaNet)
    case attention(GatedAttention)

    func callAsFunction(
        _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
    ) throws -> Tensor {
        switch self {
        case .delta(let own): try own(x, at: rows, cache, layer: layer)
        case .attention(let own): try own(x, at: rows, cache, layer: layer)
        }
    }
}

// MARK: - Configuration

extension DeltaNetMixer {
    struct Keys: Decodable {
        let fullAttentionInterval: Int?
        let linearConvKernelDim: Int
        let linearKeyHeadDim: Int
        let linearValueHeadDim: Int?
        let linearNumKeyHeads: Int
        let linearNumValueHeads: Int
        /// GGUF: all heads of values together.
        let linearInnerSize: Int?
    }

    /// The GGUF keys of the family, by those of config.json.
    static let ggufKeys = [
        "full_attention_interval": "full_attention_interval",
        "linear_conv_kernel_dim": "ssm.conv_kernel", "linear_key_head_dim": "ssm.state_size",
        "linear_num_key_heads": "ssm.group_count", "linear_num_value_heads": "ssm.time_step_rank",
        "linear_inner_size": "ssm.inner_size",
    ]

    static let ggufLayerNames = [
        "attn_qkv": "linear_attn.in_proj_qkv", "attn_gate": "linear_attn.in_proj_z",
        "ssm_in": "linear_attn.in_proj_qkvz", "ssm_ba": "linear_attn.in_proj_ba",
        "ssm_alpha": "linear_attn.in_proj_a", "ssm_beta": "linear_attn.in_proj_b",
        "ssm_conv1d": "linear_attn.conv1d", "ssm_dt": "linear_attn.dt",
        "ssm_norm": "linear_attn.norm", "ssm_out": "linear_attn.out_proj",
        "post_attention_norm": "post_attention_layernorm",
    ]

    static let ggufLayerTensors = ["ssm_a": "linear_attn.a"]

    /// Hugging Face's files have w where the norms multiply with 1 + w, but for those behind the delta
    /// rule.
    static let normsFromOne: TensorLayout = { c, name, tensor in
        name.contains("linear_attn.") ? tensor : try GemmaModel.normsFromOne(c, name, tensor)
    }

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try ConfigurationChecks.size("num_hidden_layers", c.numHiddenLayers, to: 4096)
        try ConfigurationChecks.size("full_attention_interval", own.fullAttentionInterval ?? 4)
        try ConfigurationChecks.size(
            "linear_conv_kernel_dim", own.linearConvKernelDim, from: 2, to: 64)
        try ConfigurationChecks.sizes(
            [
                "linear_key_head_dim": own.linearKeyHeadDim,
                "linear_num_key_heads": own.linearNumKeyHeads,
                "linear_num_value_heads": own.linearNumValueHeads,
            ], to: 4096)
        try ConfigurationChecks.size("linear_value_head_dim", own.valueSize, to: 4096)
        try ConfigurationChecks.divides(
            own.linearNumKeyHeads, "linear_num_key_heads", own.linearNumValueHeads,
            "linear_num_value_heads")
    }

    static func memory(_ c: DecoderConfiguration, _ own: Keys) -> SequenceCache.Layout {
        let layers = (0..<c.numHiddenLayers).filter { !hasAttention($0, c, own) }
        return SequenceCache.Layout(
            c, recurrent: Dictionary(uniqueKeysWithValues: layers.map { ($0, own.sizes.slots) }))
    }

    static func hasAttention(_ layer: Int, _ c: DecoderConfiguration, _ own: Keys) -> Bool {
        c.layerTypes.map { $0[layer] == "full_attention" }
            ?? (layer + 1).isMultiple(of: own.fullAttentionInterval ?? 4)
    }
}

extension DeltaNetMixer.Keys {
    fileprivate var valueSize: Int {
        linearValueHeadDim ?? (linearInnerSize ?? 0) / max(1, linearNumValueHeads)
    }

    var sizes: GatedDeltaNet.Sizes {
        GatedDeltaNet.Sizes(
            groups: linearNumKeyHeads, heads: linearNumValueHeads, keySize: linearKeyHeadDim,
            valueSize: valueSize, taps: linearConvKernelDim)
    }
}
