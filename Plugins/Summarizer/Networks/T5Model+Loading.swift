import TensorRuntime

extension T5Model {
    init(_ weights: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        let shared = weights["shared"]
        embedding = try Embedding(shared, count: c.vocabSize, width: c.dModel)
        encoder = try Encoder(weights["encoder"], c, precision)
        decoder = try Decoder(weights["decoder"], c, precision)
        let hasHead =
            c.tieWordEmbeddings == false || (!c.scalesStates && weights.has("lm_head.weight"))
        head = try Linear(
            hasHead ? weights["lm_head"] : shared, from: c.dModel, to: c.vocabSize,
            precision: precision)
        headScale = c.scalesStates ? 1 / Float(c.dModel).squareRoot() : 1
        // Some checkpoints store the embedding again, and an unused table.
        for name in [
            "encoder.embed_tokens.weight", "decoder.embed_tokens.weight",
            "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
        ] {
            weights.ignore(name)
        }
        if !hasHead { weights.ignore("lm_head.weight") }
        try weights.requireAllRead()
    }
}

extension T5Model.Encoder {
    init(_ weights: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        let blocks = weights["block"]
        bias = try RelativePositionBias(blocks, c, looksBothWays: true)
        layers = try (0..<c.numLayers).map {
            try T5Model.EncoderLayer(blocks[$0]["layer"], c, precision)
        }
        norm = try RMSNorm(weights["final_layer_norm"], width: c.dModel, epsilon: c.epsilon)
    }
}

extension T5Model.Decoder {
    init(_ weights: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        let blocks = weights["block"]
        bias = try RelativePositionBias(blocks, c, looksBothWays: false)(
            (1 - c.decoderPositions)...0)
        layers = try (0..<c.decoderDepth).map {
            try T5Model.DecoderLayer(blocks[$0]["layer"], c, precision)
        }
        norm = try RMSNorm(weights["final_layer_norm"], width: c.dModel, epsilon: c.epsilon)
    }
}

extension RelativePositionBias {
    fileprivate init(_ blocks: Weights, _ c: T5Configuration, looksBothWays: Bool) throws {
        let table = blocks[0]["layer"][0]["SelfAttention"]["relative_attention_bias"]
        try self.init(
            table.tensor([c.relativeAttentionNumBuckets, c.numHeads]), maxDistance: c.maxDistance,
            looksBothWays: looksBothWays)
    }
}

extension T5Model.EncoderLayer {
    init(_ parts: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        attentionNorm = try RMSNorm(parts[0]["layer_norm"], c)
        attention = try Attention(parts[0]["SelfAttention"], c, precision)
        feedForwardNorm = try RMSNorm(parts[1]["layer_norm"], c)
        feedForward = try T5Model.FeedForward(parts[1]["DenseReluDense"], c, precision)
    }
}

extension T5Model.DecoderLayer {
    init(_ parts: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        attentionNorm = try RMSNorm(parts[0]["layer_norm"], c)
        attention = try Attention(parts[0]["SelfAttention"], c, precision)
        crossAttentionNorm = try RMSNorm(parts[1]["layer_norm"], c)
        crossAttention = try Attention(parts[1]["EncDecAttention"], c, precision)
        feedForwardNorm = try RMSNorm(parts[2]["layer_norm"], c)
        feedForward = try T5Model.FeedForward(parts[2]["DenseReluDense"], c, precision)
    }
}

extension RMSNorm {
    fileprivate init(_ weights: Weights, _ c: T5Configuration) throws {
        try self.init(weights, width: c.dModel, epsilon: c.epsilon)
    }
}

extension Attention {
    fileprivate init(_ weights: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        let wide = c.numHeads * c.dKv
        queries = try Linear(weights["q"], from: c.dModel, to: wide, precision: precision)
        keys = try Linear(weights["k"], from: c.dModel, to: wide, precision: precision)
        values = try Linear(weights["v"], from: c.dModel, to: wide, precision: precision)
        output = try Linear(weights["o"], from: wide, to: c.dModel, precision: precision)
        headSize = c.dKv
        scale = 1
    }
}

extension T5Model.FeedForward {
    init(_ weights: Weights, _ c: T5Configuration, _ precision: Precision) throws {
        gate =
            try c.isGated
            ? Linear(weights["wi_0"], from: c.dModel, to: c.dFf, precision: precision) : nil
        input = try Linear(
            weights[c.isGated ? "wi_1" : "wi"], from: c.dModel, to: c.dFf, precision: precision)
        activation = try c.activation
        output = try Linear(weights["wo"], from: c.dFf, to: c.dModel, precision: precision)
    }
}
