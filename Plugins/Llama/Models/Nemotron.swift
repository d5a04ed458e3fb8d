import PluginCommon
import TensorRuntime

/// Nemotron-4 and Minitron, Parmar et al. 2024 (arXiv:2402.16819, 2407.14679): Llama's network with
/// layer norms whose weights count from 1, half of each head rotated, and a feed-forward of squared ReLU.
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = LayerNorm(xᴸ) · Wheadᵀ
struct NemotronModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]

    /// A feed-forward of squared ReLU, So et al. 2021 (arXiv:2109.08668), section 4.
    ///
    ///     y = relu(x·Wupᵀ)² · Wdownᵀ
    struct SquaredFeedForward: FeedForward {
        let up: Linear  // [F, D]
        let down: Linear  // [D, F]

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let h = try up(x, then: .relu)  // [N, F]
            return try down(h * h)  // [N, D]
        }
    }
}

// MARK: - Configuration

extension NemotronModel {
    static let family = Family(
        name: "nemotron", architecture: "NemotronForCausalLM",
        gguf: GGUFForm(architecture: "nemotron"),
        huggingFace: HuggingFaceForm(layout: GemmaModel.normsFromOne))

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("relu2")
        try c.expectNoWindow()
    }
}

// MARK: - Loading

extension NemotronModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(
            weights["model"], c, norm: LayerNorm(weights["model"]["norm"], c)
        ) { layer, _ in
            try PreNormLayer(
                layerNorms: layer, c,
                attention: GroupedQueryAttention(layer["self_attn"], c, rotary),
                feedForward: SquaredFeedForward(layer["mlp"], c))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}

extension NemotronModel.SquaredFeedForward {
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        up = try Linear(weights["up_proj"], from: c.hiddenSize, to: c.intermediateSize)
        down = try Linear(weights["down_proj"], from: c.intermediateSize, to: c.hiddenSize)
    }
}
