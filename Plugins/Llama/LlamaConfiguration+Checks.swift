import PluginCommon

extension LlamaConfiguration {
    /// - Throws: `ConfigurationError` naming the key whose value this network does not implement or
    ///   that contradicts another.
    func check() throws {
        try checkFamily()
        try checkRotary()
        try checkSizes()
    }

    private func checkFamily() throws {
        try ConfigurationChecks.expect("hidden_act", hiddenAct, "silu")
        try ConfigurationChecks.expect("attention_bias", attentionBias, false)
        try ConfigurationChecks.expect("mlp_bias", mlpBias, false)
        if let window = slidingWindow {
            throw ConfigurationError.unsupported(
                "sliding_window", found: "\(window)", expected: "null")
        }
        if let quantization = quantizationConfig {
            throw ConfigurationError.unsupported(
                "quantization_config", found: quantization.quantMethod ?? "an object",
                expected: "null; use a GGUF file of the model")
        }
    }

    private func checkRotary() throws {
        let known = ["default", "linear", "llama3"]
        guard known.contains(rotaryType) else {
            throw ConfigurationError.unsupported(
                ropeParameters == nil ? "rope_scaling" : "rope_parameters", found: rotaryType,
                expected: known.joined(separator: ", "))
        }
        try ConfigurationChecks.expect(
            "partial_rotary_factor", rotary?.partialRotaryFactor ?? partialRotaryFactor, 1)
        // A factor that the file does not have takes the place of a good one.
        try ConfigurationChecks.positive([
            "rope_theta": theta, "factor": rotary?.factor ?? 1,
            "low_freq_factor": rotary?.lowFreqFactor ?? 1,
            "high_freq_factor": rotary?.highFreqFactor ?? 1,
        ])
        if let low = rotary?.lowFreqFactor, let high = rotary?.highFreqFactor, low >= high {
            throw ConfigurationError.range(
                "low_freq_factor", found: "\(low)", expected: "less than \(high)")
        }
        if rotaryType == "linear", rotary?.factor == nil {
            throw ConfigurationError.missing("rope_scaling.factor")
        }
    }

    private func checkSizes() throws {
        try ConfigurationChecks.sizes([
            "vocab_size": vocabSize, "hidden_size": hiddenSize,
            "intermediate_size": intermediateSize, "num_hidden_layers": numHiddenLayers,
            "num_attention_heads": numAttentionHeads, "num_key_value_heads": keyValueHeads,
            "max_position_embeddings": maxPositionEmbeddings,
        ])
        if headDim == nil {
            try ConfigurationChecks.divides(
                numAttentionHeads, "num_attention_heads", hiddenSize, "hidden_size")
        }
        try ConfigurationChecks.size("head_dim", headSize)
        try ConfigurationChecks.divides(2, nil, headSize, "head_dim")
        try ConfigurationChecks.divides(
            keyValueHeads, "num_key_value_heads", numAttentionHeads, "num_attention_heads")
        try ConfigurationChecks.positive(["rms_norm_eps": rmsNormEps])
    }
}
