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
        if let act = hiddenAct, act != "silu" {
            throw ConfigurationError.unsupported("hidden_act", found: act, expected: "silu")
        }
        for (key, value) in [("attention_bias", attentionBias), ("mlp_bias", mlpBias)]
        where value == true {
            throw ConfigurationError.unsupported(key, found: "true", expected: "false")
        }
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
        if let part = rotary?.partialRotaryFactor ?? partialRotaryFactor, part != 1 {
            throw ConfigurationError.unsupported(
                "partial_rotary_factor", found: "\(part)", expected: "1")
        }
        let parts: [(String, Float?)] = [
            ("rope_theta", theta), ("factor", rotary?.factor),
            ("low_freq_factor", rotary?.lowFreqFactor),
            ("high_freq_factor", rotary?.highFreqFactor),
        ]
        for case (let key, let value?) in parts where !(value > 0 && value.isFinite) {
            throw ConfigurationError.range(key, found: "\(value)", expected: "a positive number")
        }
        if let low = rotary?.lowFreqFactor, let high = rotary?.highFreqFactor, low >= high {
            throw ConfigurationError.range(
                "low_freq_factor", found: "\(low)", expected: "less than \(high)")
        }
        if rotaryType == "linear", rotary?.factor == nil {
            throw ConfigurationError.missing("rope_scaling.factor")
        }
    }

    /// Larger than any published model; products of sizes stay far from overflow.
    private static let largest = 1 << 24

    private func checkSizes() throws {
        let sizes = [
            ("vocab_size", vocabSize), ("hidden_size", hiddenSize),
            ("intermediate_size", intermediateSize), ("num_hidden_layers", numHiddenLayers),
            ("num_attention_heads", numAttentionHeads), ("num_key_value_heads", keyValueHeads),
            ("max_position_embeddings", maxPositionEmbeddings),
        ]
        for (key, size) in sizes where size < 1 || size > Self.largest {
            throw ConfigurationError.range(key, found: "\(size)", expected: "1 to \(Self.largest)")
        }
        guard headSize > 0, headSize <= Self.largest, headSize.isMultiple(of: 2) else {
            throw ConfigurationError.range(
                "head_dim", found: "\(headSize)", expected: "an even number")
        }
        guard headDim != nil || hiddenSize.isMultiple(of: numAttentionHeads) else {
            throw ConfigurationError.range(
                "hidden_size", found: "\(hiddenSize)",
                expected: "a multiple of \(numAttentionHeads)")
        }
        guard numAttentionHeads.isMultiple(of: keyValueHeads) else {
            throw ConfigurationError.range(
                "num_key_value_heads", found: "\(keyValueHeads)",
                expected: "a divisor of \(numAttentionHeads)")
        }
        guard rmsNormEps > 0, rmsNormEps.isFinite else {
            throw ConfigurationError.range(
                "rms_norm_eps", found: "\(rmsNormEps)", expected: "a positive number")
        }
    }
}
