import PluginCommon
import TensorRuntime

/// Gemma, Mesnard et al. 2024 (arXiv:2403.08295): Llama's pre-normalized blocks with GeGLU, a scaled
/// embedding, and weights of the norms that count from 1.
///
///     x⁰ = √D · E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Eᵀ
struct GemmaModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]
    let embeddingScale: Float  // √D

    func embed(_ tokens: [Int32]) throws -> Tensor {
        try embedTokens(tokens) * embeddingScale  // [N, D]
    }

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension GemmaModel {
    struct Keys: Decodable {
        let hiddenActivation: String?
    }

    static let family = Family(
        name: "gemma", architecture: "GemmaForCausalLM", gguf: GGUFForm(architecture: "gemma"),
        huggingFace: HuggingFaceForm(layout: normsFromOne))

    /// Hugging Face's files have w where the norms multiply with 1 + w, GGUF files have 1 + w.
    static let normsFromOne: TensorLayout = { _, name, tensor in
        guard name.hasSuffix("norm.weight") else { return tensor }
        let weight = try dequantize(tensor)
        return Tensor(weight.floats.map { 1 + $0 }, weight.shape)
    }

    /// Early files say `gelu` and mean its approximation, as all of the family.
    static func checkActivation(_ c: DecoderConfiguration, _ own: String?) throws {
        for (key, found) in [("hidden_activation", own), ("hidden_act", c.hiddenAct)] {
            guard let found, !["gelu", "gelu_pytorch_tanh"].contains(found) else { continue }
            throw ConfigurationError.unsupported(key, found: found, expected: "gelu_pytorch_tanh")
        }
    }

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try checkActivation(c, own.hiddenActivation)
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension GemmaModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try PreNormLayer(
                layer, c, attention: GroupedQueryAttention(layer["self_attn"], c, rotary),
                feedForward: GatedFeedForward(layer["mlp"], c, activation: .geluTanh))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
        embeddingScale = Float(c.hiddenSize).squareRoot()
    }
}
