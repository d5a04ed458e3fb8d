import PluginCommon
import TensorRuntime

extension DecoderConfiguration {
    /// - Parameter layerTypes: the kinds of layers that the family has.
    /// - Throws: `ConfigurationError` naming the key whose value no network of this plugin implements
    ///   or that contradicts another.
    func check(layerTypes known: [String]) throws {
        try checkQuantization()
        try ConfigurationChecks.expect("is_causal", isCausal, true)
        try ConfigurationChecks.expect(
            "use_bidirectional_attention", useBidirectionalAttention, false)
        try checkSizes()
        if rmsNormEps == nil, layerNormEps == nil, normEps == nil {
            throw ConfigurationError.missing("rms_norm_eps")
        }
        try ConfigurationChecks.positive(["rms_norm_eps": normEpsilon, "rope_theta": theta])
        try checkRotary()
        try checkLayerTypes(known)
    }

    private func checkQuantization() throws {
        guard let quantization = quantizationConfig else { return }
        let (method, known) = (quantization.quantMethod, QuantizedWeights.methods)
        guard let method, known.contains(method) else {
            throw ConfigurationError.unsupported(
                "quantization_config", found: method ?? "an object",
                expected: known.joined(separator: ", ") + " or null; use a GGUF file of the model")
        }
    }

    private func checkRotary() throws {
        try rotary?.check(ropeParameters == nil ? "rope_scaling" : "rope_parameters")
        for (key, factors) in [
            ("short_factor", rotary?.shortFactor), ("long_factor", rotary?.longFactor),
        ] {
            guard let factors else { continue }
            if factors.count != rotarySize / 2 {
                throw ConfigurationError.range(
                    key, found: "of \(factors.count) numbers", expected: "\(rotarySize / 2)")
            }
            for factor in factors { try ConfigurationChecks.positive([key: factor]) }
        }
    }

    private func checkLayerTypes(_ known: [String]) throws {
        guard let layerTypes else { return }
        if layerTypes.count != numHiddenLayers {
            throw ConfigurationError.range(
                "layer_types", found: "of \(layerTypes.count) layers",
                expected: "\(numHiddenLayers)")
        }
        if let other = layerTypes.first(where: { !known.contains($0) }) {
            throw ConfigurationError.unsupported(
                "layer_types", found: other, expected: known.joined(separator: ", "))
        }
    }

    private func checkSizes() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_hidden_layers": numHiddenLayers,
            "num_attention_heads": numAttentionHeads, "num_key_value_heads": keyValueHeads,
            "max_position_embeddings": maxPositionEmbeddings,
            "original_max_position_embeddings": trainedPositions,
        ])
        if headDim == nil {
            try ConfigurationChecks.divides(
                numAttentionHeads, "num_attention_heads", hiddenSize, "hidden_size")
        }
        try ConfigurationChecks.size("head_dim", headSize)
        try ConfigurationChecks.divides(2, nil, headSize, "head_dim")
        try ConfigurationChecks.divides(
            keyValueHeads, "num_key_value_heads", numAttentionHeads, "num_attention_heads")
        guard rotaryPart > 0, rotaryPart <= 1 else {
            throw ConfigurationError.range(
                "partial_rotary_factor", found: "\(rotaryPart)", expected: "more than 0, at most 1")
        }
        let rotaryKey = rotaryDim == nil ? "partial_rotary_factor" : "rotary_dim"
        try ConfigurationChecks.size(rotaryKey, rotarySize, to: headSize)
        try ConfigurationChecks.divides(2, nil, rotarySize, rotaryKey)
    }
}

// MARK: - Optional features

extension DecoderConfiguration {
    func expectActivation(_ name: String) throws {
        try ConfigurationChecks.expect("hidden_act", hiddenAct, name)
    }

    /// For a family that rotates whole heads.
    func expectWholeHeadsRotated() throws {
        if rotarySize != headSize {
            throw ConfigurationError.unsupported(
                rotaryDim == nil ? "partial_rotary_factor" : "rotary_dim",
                found: rotaryDim.map { "\($0)" } ?? "\(Float(rotarySize) / Float(headSize))",
                expected: rotaryDim == nil ? "1" : "\(headSize)")
        }
    }

    /// For a family without attention windows.
    func expectNoWindow() throws {
        if let window {
            throw ConfigurationError.unsupported(
                "sliding_window", found: "\(window)", expected: "null")
        }
    }
}
