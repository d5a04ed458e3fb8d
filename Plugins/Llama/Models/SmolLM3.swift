import PluginCommon
import TensorRuntime

/// SmolLM 3, Bakouch et al. 2025 (huggingface.co/blog/smollm3): Llama's network, of whose layers every
/// fourth knows no positions, Yang et al. 2025 (arXiv:2501.18795).
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
struct SmolLM3Model: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension SmolLM3Model {
    struct Keys: Decodable {
        /// 1 for a layer with rotary positions, in spite of the name, 0 for one without.
        let noRopeLayers: [Int]?
        let noRopeLayerInterval: Int?
        let useSlidingWindow: Bool?

        func knowsPositions(_ layer: Int) -> Bool {
            noRopeLayers.map { $0[layer] == 1 }
                ?? !(layer + 1).isMultiple(of: noRopeLayerInterval ?? 4)
        }
    }

    static let family = Family(
        name: "smollm3", architecture: "SmolLM3ForCausalLM",
        gguf: GGUFForm(architecture: "smollm3", layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: Keys) throws {
        try c.expectActivation("silu")
        try c.expectWholeHeadsRotated()
        try ConfigurationChecks.expect("use_sliding_window", own.useSlidingWindow, false)
        try ConfigurationChecks.size("no_rope_layer_interval", own.noRopeLayerInterval ?? 4)
        if let layers = own.noRopeLayers, layers.count != c.numHiddenLayers {
            throw ConfigurationError.range(
                "no_rope_layers", found: "of \(layers.count) layers",
                expected: "\(c.numHiddenLayers)")
        }
    }
}

// MARK: - Loading

extension SmolLM3Model {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: Keys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, index in
            let attention = try GroupedQueryAttention(
                layer["self_attn"], c, own.knowsPositions(index) ? rotary : nil)
            return try PreNormLayer(layer, c, attention: attention)
        }
        head = try Linear(head: weights, embedTokens, c, isTied: true)
    }
}
