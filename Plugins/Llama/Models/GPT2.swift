import PluginCommon
import TensorRuntime

/// GPT-2, Radford et al. 2019 (github.com/openai/gpt-2): pre-normalized blocks with layer norms, learned
/// positions, biases everywhere.
///
///     x⁰ = E[tokens] + P[positions]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = LayerNorm(xᴸ) · Eᵀ
struct GPT2Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let positions: Embedding?  // [P, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension GPT2Model {
    struct Keys: Decodable {
        let scaleAttnWeights: Bool?
        let scaleAttnByInverseLayerIdx: Bool?
    }

    static let family = Family(
        name: "gpt2", architecture: "GPT2LMHeadModel",
        gguf: GGUFForm(architecture: "gpt2", layerNames: ["attn_qkv": "self_attn.qkv_proj"]),
        huggingFace: HuggingFaceForm(
            network: "transformer", layers: "h",
            outerNames: [
                "wte": "model.embed_tokens", "wpe": "model.position_embeddings",
                "ln_f": "model.norm",
            ],
            layerNames: [
                "ln_1": "input_layernorm", "ln_2": "post_attention_layernorm",
                "attn.c_attn": "self_attn.c_attn", "attn.c_proj": "self_attn.c_proj",
            ],
            keys: [
                "hidden_size": "n_embd", "intermediate_size": "n_inner",
                "num_hidden_layers": "n_layer", "num_attention_heads": "n_head",
                "max_position_embeddings": "n_positions", "layer_norm_eps": "layer_norm_epsilon",
                "hidden_act": "activation_function",
            ],
            defaults: { keys in
                keys.int("n_embd", times: 4).map { ["intermediate_size": $0] } ?? [:]
            },
            buffers: [".attn.bias", ".attn.masked_bias"]))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try ConfigurationChecks.expect("scale_attn_weights", own.scaleAttnWeights, true)
        try ConfigurationChecks.expect(
            "scale_attn_by_inverse_layer_idx", own.scaleAttnByInverseLayerIdx, false)
        try c.expectNoWindow()
        _ = try activation(c)
    }

    private static func activation(_ c: DecoderConfiguration) throws -> Activation {
        try ConfigurationChecks.activation("activation_function", c.hiddenAct ?? "gelu_new")
    }
}

// MARK: - Loading

extension GPT2Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let activation = try Self.activation(c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        positions = try Embedding(
            weights["model"]["position_embeddings"], count: c.maxPositionEmbeddings,
            width: c.hiddenSize)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, _ in
            let isTransposed = layer["self_attn"]["c_attn"].has("weight")
            return try PreNormLayer(
                layerNorms: layer, c,
                attention: isTransposed
                    ? GroupedQueryAttention(columns: layer["self_attn"], c)
                    : GroupedQueryAttention(
                        layer["self_attn"], c, nil,
                        heads: AttentionHeads(fused: layer["self_attn"], c)),
                feedForward: isTransposed
                    ? PlainFeedForward(columns: layer["mlp"], c, activation)
                    : PlainFeedForward(layer["mlp"], c, activation: activation))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
    }
}

// Hugging Face's files have each map as [from, to].

extension Linear {
    fileprivate init(columns weights: Weights, from: Int, to: Int, _ rows: Range<Int>) throws {
        try self.init(
            weights.tensor([from, to]).transposed().rows(rows),
            bias: weights.tensor("bias", [to]).rows(rows))
    }
}

extension GroupedQueryAttention {
    fileprivate init(columns weights: Weights, _ c: DecoderConfiguration) throws {
        let width = c.hiddenSize
        let parts = try (0..<3).map { part in
            try Linear(
                columns: weights["c_attn"], from: width, to: 3 * width,
                part * width..<(part + 1) * width)
        }
        heads = AttentionHeads(
            queries: parts[0], keys: parts[1], values: parts[2], headSize: c.headSize)
        output = try Linear(columns: weights["c_proj"], from: width, to: width, 0..<width)
        rotary = nil
        scale = 1 / Float(c.headSize).squareRoot()
        window = nil
    }
}

extension PlainFeedForward {
    fileprivate init(
        columns weights: Weights, _ c: DecoderConfiguration, _ activation: Activation
    ) throws {
        let (width, inner) = (c.hiddenSize, c.intermediateSize)
        up = try Linear(columns: weights["c_fc"], from: width, to: inner, 0..<inner)
        down = try Linear(columns: weights["c_proj"], from: inner, to: width, 0..<width)
        self.activation = activation
    }
}
