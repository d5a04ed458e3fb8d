import PluginCommon
import TensorRuntime

/// GPT-NeoX and Pythia, Black et al. 2022 (arXiv:2204.06745), Biderman et al. 2023 (arXiv:2304.01373):
/// parallel blocks with a layer norm for each half, a quarter of each head rotated.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = LayerNorm(xᴸ) · Wheadᵀ
struct GPTNeoXModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<Layer>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// A block whose feed-forward looks at its input, or, in a few models, at what attention made of it.
    ///
    ///     y = x + Attention(LayerNorm₁(x)) + FeedForward(LayerNorm₂(x))
    struct Layer: DecoderLayer {
        let inputNorm: LayerNorm  // [D]
        let attention: GroupedQueryAttention
        let postAttentionNorm: LayerNorm  // [D]
        let feedForward: PlainFeedForward
        let isParallel: Bool

        func callAsFunction(
            _ x: Tensor, at rows: SequenceRows, _ cache: SequenceCache, layer: Int
        ) throws -> Tensor {
            let a = try x + attention(inputNorm(x), at: rows, cache, layer: layer)  // [N, D]
            return try a + feedForward(postAttentionNorm(isParallel ? x : a))  // [N, D]
        }
    }
}

// MARK: - Configuration

extension GPTNeoXModel {
    struct Keys: Decodable {
        let useParallelResidual: Bool?
    }

    static let family = Family(
        name: "gpt_neox", architecture: "GPTNeoXForCausalLM",
        gguf: GGUFForm(
            architecture: "gptneox", flags: ["use_parallel_residual": "use_parallel_residual"],
            layerNames: ["attn_qkv": "self_attn.qkv_proj"]),
        huggingFace: HuggingFaceForm(
            network: "gpt_neox",
            outerNames: [
                "embed_in": "model.embed_tokens", "final_layer_norm": "model.norm",
                "embed_out": "lm_head",
            ],
            layerNames: [
                "attention.query_key_value": "self_attn.qkv_proj",
                "attention.dense": "self_attn.o_proj", "mlp.dense_h_to_4h": "mlp.up_proj",
                "mlp.dense_4h_to_h": "mlp.down_proj",
            ],
            keys: ["partial_rotary_factor": "rotary_pct", "rope_theta": "rotary_emb_base"],
            layout: TensorLayouts.groupedRows,
            buffers: [".attention.bias", ".attention.masked_bias"]))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectNoWindow()
        _ = try activation(c)
    }

    private static func activation(_ c: DecoderConfiguration) throws -> Activation {
        try ConfigurationChecks.activation("hidden_act", c.hiddenAct ?? "gelu")
    }
}

// MARK: - Loading

extension GPTNeoXModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        let activation = try Self.activation(c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, _ in
            try Layer(
                inputNorm: LayerNorm(layer["input_layernorm"], c),
                attention: GroupedQueryAttention(
                    layer["self_attn"], c, rotary,
                    heads: AttentionHeads(fused: layer["self_attn"], c)),
                postAttentionNorm: LayerNorm(layer["post_attention_layernorm"], c),
                feedForward: PlainFeedForward(layer["mlp"], c, activation: activation),
                isParallel: own.useParallelResidual ?? true)
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
