import PluginCommon
import TensorRuntime

/// Llama, a decoder of pre-normalized blocks: Touvron et al. 2023 (arXiv:2302.13971, 2307.09288),
/// Grattafiori et al. 2024 (arXiv:2407.21783).
///
///     x⁰ = E[tokens]
///     xˡ = Layerˡ(xˡ⁻¹)                 l = 1 … L
///     logits = RMSNorm(xᴸ) · Wheadᵀ
///
/// The letters of the shapes, here and in the other models:
///
///     N  rows of the batch, of any sequences      H  heads of queries
///     W  rows whose state is wanted               G  heads of keys and values, G divides H
///     V  vocabulary                               d  head size
///     D  hidden size                              F  feed-forward size
struct LlamaModel: DecoderNetwork {
    let embedTokens: Embedding  // [V, D]
    let layers: LayerStack<PreNormLayer<GroupedQueryAttention>>
    let head: Linear  // [V, D]

    func embed(_ tokens: [Int32]) throws -> Tensor { try embedTokens(tokens) }  // [N, D]

    func logits(_ states: Tensor) throws -> Tensor { try head(states) }  // [W, V]
}

// MARK: - Configuration

extension LlamaModel {
    /// GGUF files of Mistral and others whose network is Llama's say `llama`, too.
    static let family = Family(
        name: "llama", architecture: "LlamaForCausalLM",
        gguf: GGUFForm(architecture: "llama", layout: TensorLayouts.pairedRows))

    static func check(_ c: DecoderConfiguration, _ own: NoKeys) throws {
        try c.expectActivation("silu")
        try c.expectNoWindow()
        try c.expectWholeHeadsRotated()
    }
}

// MARK: - Loading

extension LlamaModel {
    init(_ weights: Weights, _ c: DecoderConfiguration, _ own: NoKeys) throws {
        let rotary = try Rotary(weights["model"]["rotary_emb"], c)
        embedTokens = try Embedding(weights["model"]["embed_tokens"], c)
        layers = try LayerStack(weights["model"], c) { layer, _ in
            try PreNormLayer(
                layer, c, attention: GroupedQueryAttention(layer["self_attn"], c, rotary))
        }
        head = try Linear(head: weights, embedTokens, c)
    }
}
