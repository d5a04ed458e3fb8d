import PluginCommon
import TensorRuntime

/// How GGUF files store a family: the names of its keys and tensors, and the layout of the tensors.
struct GGUFForm: Sendable {
    /// `general.architecture`, which is also the prefix of its keys.
    let architecture: String
    /// Whether it is a mixture of experts: `llama` stands for a family without and one with them.
    var hasExperts = false
    /// Additional keys of the family, by those of config.json.
    var keys: [String: String] = [:]
    /// The sizes of config.json that most families keep elsewhere.
    var sizes: [String: String] = [:]
    /// What the layers are called that have no heads of keys and values.
    var recurrentLayers: String?
    /// Additional keys that are true or false.
    var flags: [String: String] = [:]
    /// The folders outside the layers that differ from most families', by the file's.
    var outerNames: [String: String] = [:]
    /// The folders within a layer that differ from most families', by the file's.
    var layerNames: [String: String] = [:]
    /// Tensors that a layer has without a folder, by the file's name.
    var layerTensors: [String: String] = [:]
    var layout = TensorLayouts.asItIs
}

// MARK: - Tensors

extension GGUFForm {
    /// The Hugging Face name of a tensor. A name that is not in the table stays as it is, and is
    /// found to be part of no network.
    func huggingFaceName(_ name: String) -> String {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "blk", let own = layerTensors[String(parts[2])] {
            return "model.layers.\(parts[1]).\(own)"
        }
        let inner = Self.usualLayerNames.merging(layerNames) { $1 }
        return GGUFNames.network(
            name, outer: Self.usualOuterNames.merging(outerNames) { $1 }, layers: "model.layers",
            inner: inner)
    }

    private static let usualOuterNames = [
        "token_embd": "model.embed_tokens",
        "position_embd": "model.position_embeddings",
        "output_norm": "model.norm",
        "output": "lm_head",
        "cls.output": "score",
        "rope_freqs": "model.rotary_emb.divisors",
        "rope_factors_short": "model.rotary_emb.short_factor",
        "rope_factors_long": "model.rotary_emb.long_factor",
    ]

    private static let usualLayerNames = [
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
        "ffn_gate_inp": "mlp.gate",
        "ffn_gate_exps": "mlp.experts.gate_proj",
        "ffn_up_exps": "mlp.experts.up_proj",
        "ffn_down_exps": "mlp.experts.down_proj",
    ]
}
