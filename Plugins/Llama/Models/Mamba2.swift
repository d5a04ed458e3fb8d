import Glibc
import ModelJSON
import PluginCommon
import TensorRuntime

/// Mamba-2, Dao and Gu 2024 (arXiv:2405.21060): layers of selective state spaces and nothing else.
///
///     x⁰ = E[tokens]
///     xˡ = xˡ⁻¹ + Mixerˡ(RMSNorm(xˡ⁻¹))        l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct Mamba2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<Layer>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    struct Layer: DecoderLayer {
        let norm: RMSNorm  // [D]
        let mixer: StateSpaceMixer

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            try x + mixer(norm(x), at: rows, cache, layer: layer)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension Mamba2Model {
    struct Keys: Decodable {
        let convKernel: Int
        let stateSize: Int
        let nGroups: Int
        let normBeforeGate: Bool?
        let rmsNorm: Bool?
        /// The least and the most of Δ.
        let timeStepLimit: [Float]?
    }

    static let family = Family(
        name: "mamba2", architecture: "Mamba2ForCausalLM",
        gguf: GGUFForm(
            architecture: "mamba2",
            keys: [
                "conv_kernel": "ssm.conv_kernel", "state_size": "ssm.state_size",
                "n_groups": "ssm.group_count",
            ],
            sizes: [
                "intermediate_size": "ssm.inner_size", "num_attention_heads": "ssm.time_step_rank",
            ],
            layerNames: [
                "ssm_in": "mixer.in_proj", "ssm_conv1d": "mixer.conv1d", "ssm_dt": "mixer.dt",
                "ssm_norm": "mixer.norm", "ssm_out": "mixer.out_proj",
            ], layerTensors: ["ssm_a": "mixer.a", "ssm_d": "mixer.D"]),
        huggingFace: HuggingFaceForm(
            network: "backbone",
            outerNames: ["embeddings": "model.embed_tokens", "norm_f": "model.norm"],
            layerNames: ["norm": "input_layernorm"],
            keys: [
                "num_attention_heads": "num_heads", "rms_norm_eps": "layer_norm_epsilon",
            ],
            defaults: { keys in
                var found: [String: JSON] = ["max_position_embeddings": .integer(1 << 20)]
                found["intermediate_size"] = keys.int("hidden_size", times: keys.int("expand") ?? 2)
                return found
            }))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try ConfigurationChecks.expect("norm_before_gate", own.normBeforeGate, false)
        try ConfigurationChecks.expect("rms_norm", own.rmsNorm, true)
        try ConfigurationChecks.size("num_hidden_layers", c.numHiddenLayers, to: 4096)
        try StateSpaceMixer.check(sizes(c, own))
        if let limits = own.timeStepLimit, limits.count != 2 || !(limits[0] <= limits[1]) {
            throw ConfigurationError.range(
                "time_step_limit", found: "\(limits)", expected: "a number and a larger one")
        }
    }

    static func memory(_ c: DecoderConfiguration, _ own: Keys) -> SequenceCache.Layout {
        let slots = sizes(c, own).slots
        return SequenceCache.Layout(
            c,
            recurrent: Dictionary(
                uniqueKeysWithValues: (0..<c.numHiddenLayers).map { ($0, slots) }))
    }

    private static func sizes(_ c: DecoderConfiguration, _ own: Keys) -> StateSpaceMixer.Sizes {
        StateSpaceMixer.Sizes(
            inner: c.intermediateSize, heads: c.numAttentionHeads, groups: own.nGroups,
            stateSize: own.stateSize, taps: own.convKernel)
    }
}

// MARK: - Loading

extension Mamba2Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let limits = own.timeStepLimit ?? [0, .infinity]
        let sizes = Self.sizes(c, own)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try Layer(
                norm: RMSNorm(layer["input_layernorm"], c),
                mixer: StateSpaceMixer(
                    layer["mixer"], c, sizes, steps: (limits[0], limits[1])))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
