import TensorRuntime

extension Embedding {
    /// Reads the embedding of all tokens.
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        try self.init(weights, count: c.vocabSize, width: c.hiddenSize)
    }
}

extension RMSNorm {
    /// Reads a norm of the states.
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        try self.init(weights, width: c.hiddenSize, epsilon: c.normEpsilon)
    }
}

extension LayerNorm {
    /// Reads a norm of the states.
    init(_ weights: Weights, _ c: DecoderConfiguration) throws {
        try self.init(weights, width: c.hiddenSize, epsilon: c.normEpsilon)
    }
}

extension Linear {
    /// Reads `lm_head`, or takes the embedding if the checkpoint ties them. A network of which nobody
    /// wants logits gets a map of no rows.
    ///
    /// - Parameters:
    ///   - weights: the whole checkpoint.
    ///   - isTied: the default if the configuration does not say.
    init(
        head weights: Weights, _ embedding: Embedding, _ c: DecoderConfiguration,
        isTied: Bool = false
    ) throws {
        if c.isHeadless == true {
            weights.ignore("lm_head.weight")
            try self.init(Tensor(zeros: [0, c.hiddenSize]))
            return
        }
        guard c.tieWordEmbeddings ?? isTied else {
            try self.init(weights["lm_head"], from: c.hiddenSize, to: c.vocabSize)
            return
        }
        self = try embedding.asLinear.named(weights["lm_head"])
        // Some tied checkpoints store the head a second time.
        weights.ignore("lm_head.weight")
    }
}
