import PluginCommon
import TensorRuntime

/// `config.json` of ModernBERT, as transformers 4 and 5 write it.
struct ModernBertConfiguration: Decodable, Sendable {
    var vocabSize: Int
    var hiddenSize: Int
    var intermediateSize: Int
    var numHiddenLayers: Int
    var numAttentionHeads: Int
    var maxPositionEmbeddings: Int
    var normEps: Float
    var hiddenActivation: String?
    /// The width of a local layer's window.
    var localAttention: Int
    /// transformers 4: layer 0, and every n-th layer after it, attends to the whole text.
    var globalAttnEveryNLayers: Int?
    /// transformers 4
    var globalRopeTheta: Float?
    /// transformers 4
    var localRopeTheta: Float?
    /// transformers 5
    var layerTypes: [String]?
    /// transformers 5
    var ropeParameters: [String: RotaryParameters]?
    var classifierPooling: Pooling?
    var classifierActivation: String?

    struct RotaryParameters: Decodable, Sendable {
        var ropeTheta: Float?
        var ropeType: String?
    }
}

extension ModernBertConfiguration {
    func isGlobal(_ layer: Int) -> Bool {
        layerTypes.map { $0[layer] == "full_attention" }
            ?? layer.isMultiple(of: globalAttnEveryNLayers ?? 3)
    }

    var globalTheta: Float {
        rotary("full_attention")?.ropeTheta ?? globalRopeTheta ?? 160_000
    }

    var localTheta: Float {
        rotary("sliding_attention")?.ropeTheta ?? localRopeTheta ?? 10_000
    }

    var activation: Activation {
        get throws {
            try ConfigurationChecks.activation("hidden_activation", hiddenActivation ?? "gelu")
        }
    }

    private func rotary(_ layerType: String) -> RotaryParameters? {
        ropeParameters?[layerType]
    }
}

extension ModernBertConfiguration: EncoderConfiguration {
    var family: String { "modernbert" }
    var maxTokens: Int { maxPositionEmbeddings }
    var basePrefix: String { "model." }
    var pretrainingFolders: [String] { ["head.", "decoder."] }

    func check() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_hidden_layers": numHiddenLayers,
            "num_attention_heads": numAttentionHeads,
            "max_position_embeddings": maxPositionEmbeddings, "local_attention": localAttention,
            "global_attn_every_n_layers": globalAttnEveryNLayers ?? 3,
        ])
        try ConfigurationChecks.rotaryHeads(numAttentionHeads, of: hiddenSize)
        try ConfigurationChecks.positive([
            "norm_eps": normEps, "global_rope_theta": globalTheta, "local_rope_theta": localTheta,
        ])
        try checkLayers()
        _ = try activation
        _ = try headActivation
    }

    private func checkLayers() throws {
        for type in ropeParameters?.values.compactMap(\.ropeType) ?? [] {
            try ConfigurationChecks.expect("rope_type", type, "default")
        }
        guard let layerTypes else { return }
        guard layerTypes.count == numHiddenLayers else {
            throw ConfigurationError.range(
                "layer_types", found: "of \(layerTypes.count) layers",
                expected: "\(numHiddenLayers)")
        }
        let known = ["full_attention", "sliding_attention"]
        if let other = layerTypes.first(where: { !known.contains($0) }) {
            throw ConfigurationError.unsupported(
                "layer_types", found: other, expected: known.joined(separator: ", "))
        }
    }

    private var headActivation: Activation {
        get throws {
            try ConfigurationChecks.activation(
                "classifier_activation", classifierActivation ?? "gelu")
        }
    }

    func encoder(_ weights: Weights, _ precision: Precision) throws -> any Encoder {
        try ModernBertModel(weights, self, precision)
    }

    /// Tokens and spans go through the same layers as texts.
    func headLayout(for purpose: Purpose) -> HeadLayout {
        HeadLayout(
            pooling: classifierPooling ?? .cls, dense: "head.dense",
            activation: (try? headActivation) ?? .gelu, norm: "head.norm", normEpsilon: normEps,
            output: "classifier")
    }
}
