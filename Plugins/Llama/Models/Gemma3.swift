import PluginCommon
import TensorRuntime

/// Gemma 3 for text, Kamath et al. 2025 (arXiv:2503.19786): Gemma 2 with norms of every head's queries
/// and keys in place of the soft caps, windows in five of six layers, and rotary frequencies of their
/// own for these.
///
///     x⁰ = √D · E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Eᵀ
struct Gemma3Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<SandwichLayer<NormedHeadsAttention>>
    let head: Linear  // [V, D]
    let embeddingScale: Float  // √D

    func embed(_ tokens: [Int32]) throws -> Tensor {
        try embedTokens(tokens) * embeddingScale  // [N, D]
    }

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension Gemma3Model {
    struct Keys: Decodable {
        let hiddenActivation: String?
        let queryPreAttnScalar: Float?
        let slidingWindowPattern: Int?
        /// transformers 4
        let ropeLocalBaseFreq: Float?
        let attnLogitSoftcapping: Float?
        let finalLogitSoftcapping: Float?

        var pattern: Int { slidingWindowPattern ?? 6 }
    }

    static let family = Family(
        name: "gemma3_text", architecture: "Gemma3ForCausalLM",
        gguf: GGUFForm(
            architecture: "gemma3", keys: ["rope_local_base_freq": "rope.freq_base_swa"],
            layerNames: Gemma2Model.sandwichNames),
        huggingFace: HuggingFaceForm(layout: GemmaModel.normsFromOne))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try GemmaModel.checkActivation(c, own.hiddenActivation)
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.size("sliding_window_pattern", own.pattern)
        try ConfigurationChecks.positive([
            "query_pre_attn_scalar": own.queryPreAttnScalar ?? 1,
            "rope_local_base_freq": localTheta(c, own),
        ])
        for (key, cap) in [
            ("attn_logit_softcapping", own.attnLogitSoftcapping),
            ("final_logit_softcapping", own.finalLogitSoftcapping),
        ] {
            guard let cap else { continue }
            throw ConfigurationError.unsupported(key, found: "\(cap)", expected: "null")
        }
    }
}

extension Gemma3Model {
    /// The base of the frequencies in layers with a window.
    private static func localTheta(_ c: DecoderConfiguration, _ own: Keys) -> Float {
        c.ropeParameters?.windowed?.ropeTheta ?? own.ropeLocalBaseFreq ?? 10_000
    }
}

// MARK: - Loading

extension Gemma3Model {
    static func window(_ c: DecoderConfiguration, _ own: Keys, layer: Int) -> Int? {
        c.hasWindow(layer, globalEvery: own.pattern) ? c.window : nil
    }

    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let global = try Rotary(weights["model"]["rotary_emb"], c)
        let local = Rotary(c, theta: Self.localTheta(c, own))
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            let isLocal = c.hasWindow(index, globalEvery: own.pattern)
            let attention = try NormedHeadsAttention(
                layer["self_attn"], c, isLocal ? local : global,
                scale: Gemma2Model.scale(c, own.queryPreAttnScalar, largest: 62),
                window: Self.window(c, own, layer: index))
            return try SandwichLayer(
                layer, c, attention: attention,
                feedForward: GatedFeedForward(layer["mlp"], c, activation: .geluTanh))
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
        embeddingScale = Float(c.hiddenSize).squareRoot()
    }
}
