import ModelJSON
import PluginCommon
import TensorRuntime

/// Falcon, Almazrouei et al. 2023 (arXiv:2311.16867): parallel blocks, one head of keys and values, or in
/// the new architecture several and a layer norm for each half.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = LayerNorm(xᴸ) · Eᵀ
struct FalconModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<Layer>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// A block whose halves look at the same states.
    ///
    ///     y = x + Attention(LayerNorm₁(x)) + FeedForward(LayerNorm₂(x))
    struct Layer: DecoderLayer {
        /// Nil where the other stands before both.
        let attentionNorm: LayerNorm?  // [D]
        let attention: GroupedQueryAttention
        let norm: LayerNorm  // [D]
        let feedForward: PlainFeedForward

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            let n = try norm(x)  // [N, D]
            let a = try attention(attentionNorm?(x) ?? n, at: rows, cache, layer: layer)
            return try x + a + feedForward(n)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension FalconModel {
    struct Keys: Decodable {
        let alibi: Bool?
        let parallelAttn: Bool?
        let newDecoderArchitecture: Bool?
    }

    static let family = Family(
        name: "falcon", architecture: "FalconForCausalLM",
        gguf: GGUFForm(
            architecture: "falcon",
            layerNames: [
                "attn_qkv": "self_attn.qkv_proj", "attn_norm_2": "attention_layernorm",
            ]),
        huggingFace: HuggingFaceForm(
            network: "transformer", layers: "h",
            outerNames: ["word_embeddings": "model.embed_tokens", "ln_f": "model.norm"],
            layerNames: [
                "self_attention.query_key_value": "self_attn.qkv_proj",
                "self_attention.dense": "self_attn.o_proj", "mlp.dense_h_to_4h": "mlp.up_proj",
                "mlp.dense_4h_to_h": "mlp.down_proj", "ln_attn": "attention_layernorm",
                "ln_mlp": "input_layernorm",
            ],
            keys: [
                "num_attention_heads": "n_head", "num_hidden_layers": "n_layer",
                "intermediate_size": "ffn_hidden_size", "layer_norm_eps": "layer_norm_epsilon",
                "hidden_act": "activation",
            ], defaults: defaults, layout: TensorLayouts.groupedRows))

    private static let defaults: @Sendable (ConfigurationKeys) -> [String: JSON] = { keys in
        let heads = keys.int("num_attention_heads") ?? keys.int("n_head")
        let groups =
            keys.bool("new_decoder_architecture") == true
            ? keys.int("num_kv_heads") ?? heads : keys.bool("multi_query") == false ? heads : 1
        var found: [String: JSON] = ["max_position_embeddings": .integer(2048)]
        found["intermediate_size"] = keys.int("hidden_size", times: 4)
        found["num_key_value_heads"] = groups.map { .integer($0) }
        return found
    }

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try ConfigurationChecks.expect("alibi", own.alibi, false)
        if own.newDecoderArchitecture != true {
            try ConfigurationChecks.expect("parallel_attn", own.parallelAttn, true)
        }
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
        _ = try activation(c)
    }

    private static func activation(_ c: DecoderConfiguration) throws -> Activation {
        try ConfigurationChecks.activation("activation", c.hiddenAct ?? "gelu")
    }
}

// MARK: - Loading

extension FalconModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let activation = try Self.activation(c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, _ in
            let own = layer["attention_layernorm"]
            return try Layer(
                attentionNorm: own.has("weight") ? LayerNorm(own, c) : nil,
                attention: GroupedQueryAttention(
                    layer["self_attn"], c, rotary,
                    heads: AttentionHeads(fused: layer["self_attn"], c)),
                norm: LayerNorm(layer["input_layernorm"], c),
                feedForward: PlainFeedForward(layer["mlp"], c, activation: activation))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
    }
}
