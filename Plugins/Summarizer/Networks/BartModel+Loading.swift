import TensorRuntime

extension BartModel {
    init(_ weights: Weights, _ c: BartConfiguration, _ precision: Precision) throws {
        let model = weights["model"]
        let (encoder, decoder) = (model["encoder"], model["decoder"])
        let words = try Embedding(model["shared"], count: c.vocabSize, width: c.dModel)
        encoderEmbeddings = try Embeddings(encoder, words, c)
        encoderLayers = try (0..<c.encoderLayers).map {
            try EncoderLayer(encoder["layers"][$0], c, precision)
        }
        decoderEmbeddings = try Embeddings(decoder, words, c)
        decoderLayers = try (0..<c.decoderLayers).map {
            try DecoderLayer(decoder["layers"][$0], c, precision)
        }
        head = try Linear(head: weights, c, precision)
        // Some checkpoints store the embedding again.
        for name in [
            "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight",
        ] {
            weights.ignore(name)
        }
        if c.isTied { weights.ignore("lm_head.weight") }
        try weights.requireAllRead()
    }
}

extension Linear {
    /// The embedding, or a head of its own, with the logits' bias where the checkpoint has one.
    fileprivate init(
        head weights: Weights, _ c: BartConfiguration, _ precision: Precision
    ) throws {
        let folder = c.isTied ? weights["model"]["shared"] : weights["lm_head"]
        let name = "final_logits_bias"
        let bias =
            weights.has(name)
            ? try weights.tensor(name, [1, c.vocabSize]).reshaped(c.vocabSize) : nil
        try self.init(
            folder.tensor([c.vocabSize, c.dModel]), bias: bias, precision: precision)
    }
}

extension BartModel.Embeddings {
    init(_ weights: Weights, _ words: Embedding, _ c: BartConfiguration) throws {
        self.words = words
        positions = try Embedding(
            weights["embed_positions"],
            count: c.maxPositionEmbeddings + BartConfiguration.firstPosition, width: c.dModel)
        norm = try LayerNorm(weights["layernorm_embedding"], c)
        scale = c.scaleEmbedding == true ? Float(c.dModel).squareRoot() : 1
    }
}

extension BartModel.EncoderLayer {
    init(_ weights: Weights, _ c: BartConfiguration, _ precision: Precision) throws {
        attention = try Attention(
            weights["self_attn"], heads: c.encoderAttentionHeads, c, precision)
        attentionNorm = try LayerNorm(weights["self_attn_layer_norm"], c)
        feedForward = try BartModel.FeedForward(weights, width: c.encoderFfnDim, c, precision)
        outputNorm = try LayerNorm(weights["final_layer_norm"], c)
    }
}

extension BartModel.DecoderLayer {
    init(_ weights: Weights, _ c: BartConfiguration, _ precision: Precision) throws {
        attention = try Attention(
            weights["self_attn"], heads: c.decoderAttentionHeads, c, precision)
        attentionNorm = try LayerNorm(weights["self_attn_layer_norm"], c)
        crossAttention = try Attention(
            weights["encoder_attn"], heads: c.decoderAttentionHeads, c, precision)
        crossAttentionNorm = try LayerNorm(weights["encoder_attn_layer_norm"], c)
        feedForward = try BartModel.FeedForward(weights, width: c.decoderFfnDim, c, precision)
        outputNorm = try LayerNorm(weights["final_layer_norm"], c)
    }
}

extension LayerNorm {
    fileprivate init(_ weights: Weights, _ c: BartConfiguration) throws {
        try self.init(weights, width: c.dModel, epsilon: BartConfiguration.epsilon)
    }
}

extension Attention {
    fileprivate init(
        _ weights: Weights, heads: Int, _ c: BartConfiguration, _ precision: Precision
    ) throws {
        let width = c.dModel
        queries = try Linear(weights["q_proj"], from: width, to: width, precision: precision)
        keys = try Linear(weights["k_proj"], from: width, to: width, precision: precision)
        values = try Linear(weights["v_proj"], from: width, to: width, precision: precision)
        output = try Linear(weights["out_proj"], from: width, to: width, precision: precision)
        headSize = width / heads
        scale = 1 / Float(headSize).squareRoot()
    }
}

extension BartModel.FeedForward {
    init(
        _ weights: Weights, width: Int, _ c: BartConfiguration, _ precision: Precision
    ) throws {
        input = try Linear(weights["fc1"], from: c.dModel, to: width, precision: precision)
        activation = try c.activation
        output = try Linear(weights["fc2"], from: width, to: c.dModel, precision: precision)
    }
}
