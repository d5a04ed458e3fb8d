import PluginCommon
import TensorRuntime

extension ModernBertConfiguration {
    /// What the metadata of a GGUF file of architecture `modern-bert` says.
    init(_ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]) throws {
        let pooling = try metadata.int(ifPresent: "modern-bert.classifier.pooling_type")
        self.init(
            vocabSize: try metadata.vocabularySize("modern-bert", tensors),
            hiddenSize: try metadata.int("modern-bert.embedding_length"),
            intermediateSize: try metadata.int("modern-bert.feed_forward_length"),
            numHiddenLayers: try metadata.int("modern-bert.block_count"),
            numAttentionHeads: try metadata.int("modern-bert.attention.head_count"),
            maxPositionEmbeddings: try metadata.int("modern-bert.context_length"),
            normEps: try Self.normEpsilon(metadata),
            hiddenActivation: try metadata.string(ifPresent: "modern-bert.hidden_activation"),
            localAttention: try metadata.int("modern-bert.attention.sliding_window"),
            globalAttnEveryNLayers: try metadata.int(
                ifPresent: "modern-bert.attention.sliding_window_pattern"),
            globalRopeTheta: try metadata.float(ifPresent: "modern-bert.rope.freq_base"),
            localRopeTheta: try metadata.float(ifPresent: "modern-bert.rope.freq_base_swa"),
            classifierPooling: pooling == 2 ? .cls : .mean)
    }

    /// The converter has put it under either name.
    private static func normEpsilon(_ metadata: GGUFMetadata) throws -> Float {
        let key = "modern-bert.attention.layer_norm_epsilon"
        return try metadata.float(ifPresent: key)
            ?? metadata.float(ifPresent: "modern-bert.attention.layer_norm_rms_epsilon")
            ?? metadata.float(key)
    }

    func networkName(gguf name: String) -> String {
        GGUFNames.network(
            name, outer: Self.outerNames, layers: "layers", inner: Self.layerNames)
    }

    private static let outerNames = [
        "token_embd": "embeddings.tok_embeddings",
        "token_embd_norm": "embeddings.norm",
        "output_norm": "final_norm",
        "cls": "head.dense",
        "cls.norm": "head.norm",
        "cls.output": "classifier",
    ]

    private static let layerNames = [
        "attn_norm": "attn_norm",
        "attn_qkv": "attn.Wqkv",
        "attn_output": "attn.Wo",
        "ffn_norm": "mlp_norm",
        "ffn_up": "mlp.Wi",
        "ffn_down": "mlp.Wo",
    ]
}
