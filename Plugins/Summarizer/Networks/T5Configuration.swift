import PluginCommon
import TensorRuntime

/// `config.json` of a T5, version 1.0 or 1.1; a FLAN-T5 is one of version 1.1.
struct T5Configuration: Decodable, Sendable {
    var vocabSize: Int
    var dModel: Int
    var dKv: Int
    var dFf: Int
    var numLayers: Int
    /// As many as the encoder's by default.
    var numDecoderLayers: Int?
    var numHeads: Int
    var relativeAttentionNumBuckets: Int
    var relativeAttentionMaxDistance: Int?
    var layerNormEpsilon: Float?
    /// `relu`, `gated-gelu`.
    var feedForwardProj: String?
    /// transformers 4: whether the head is the embedding, which goes with scaled states.
    var tieWordEmbeddings: Bool?
    /// transformers 5: whether the states are scaled; the checkpoint shows whether there is a head.
    var scaleDecoderOutputs: Bool?
    /// The length of the training.
    var nPositions: Int?

    // Features of other family members that this network lacks.
    var isEncoderDecoder: Bool?
}

// MARK: - Derived numbers

extension T5Configuration {
    /// As in version 1.0.
    var scalesStates: Bool { scaleDecoderOutputs ?? tieWordEmbeddings ?? true }
    var maxDistance: Int { relativeAttentionMaxDistance ?? 128 }
    var epsilon: Float { layerNormEpsilon ?? 1e-6 }
    var isGated: Bool { feedForwardProj?.hasPrefix("gated-") ?? false }

    /// Files that say `gated-gelu` mean the tanh form.
    var activation: Activation {
        get throws {
            let name = feedForwardProj ?? "relu"
            if name == "gated-gelu" { return .geluTanh }
            return try ConfigurationChecks.activation(
                "feed_forward_proj", String(name.dropFirst(isGated ? "gated-".count : 0)))
        }
    }
}

extension T5Configuration: EncoderDecoderConfiguration {
    var family: String { "t5" }
    var architecture: String { "T5ForConditionalGeneration" }
    var width: Int { dModel }
    var decoderDepth: Int { numDecoderLayers ?? numLayers }
    var decoderHeads: Int { numHeads }
    var headSize: Int { dKv }
    /// Positions are relative, and continue beyond this; 512 is what T5 was trained with.
    var decoderPositions: Int { nPositions ?? 512 }
    var longestSource: Int? { nil }
    var trainedSource: Int? { nPositions }
    var usualDecoderStart: Int32? { nil }

    func check() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "d_model": dModel, "d_ff": dFf, "num_layers": numLayers,
            "num_decoder_layers": decoderDepth,
            "relative_attention_max_distance": maxDistance,
        ])
        try ConfigurationChecks.sizes(["num_heads": numHeads, "d_kv": dKv], to: 1 << 12)
        // There is a number for each of them and each head.
        try ConfigurationChecks.sizes(["n_positions": decoderPositions], to: 1 << 16)
        try ConfigurationChecks.positive(["layer_norm_epsilon": epsilon])
        try ConfigurationChecks.expect("is_encoder_decoder", isEncoderDecoder, true)
        try checkBuckets()
        _ = try activation
    }

    private func checkBuckets() throws {
        let buckets = relativeAttentionNumBuckets
        guard (4...1 << 12).contains(buckets), buckets.isMultiple(of: 4) else {
            throw ConfigurationError.range(
                "relative_attention_num_buckets", found: "\(buckets)",
                expected: "a multiple of 4, to \(1 << 12)")
        }
        guard maxDistance > buckets / 2 else {
            throw ConfigurationError.range(
                "relative_attention_max_distance", found: "\(maxDistance)",
                expected: "more than \(buckets / 2)")
        }
    }

    func network(_ weights: Weights, _ precision: Precision) throws -> any EncoderDecoder {
        try T5Model(weights, self, precision)
    }
}
