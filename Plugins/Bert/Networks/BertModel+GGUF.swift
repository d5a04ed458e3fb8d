import PluginCommon
import TensorRuntime

extension BertConfiguration {
    /// What the metadata of a GGUF file of architecture `bert` says. RoBERTa's files lack the rows
    /// before the first position, so all of them begin at 0.
    init(_ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]) throws {
        self.init(
            vocabSize: try metadata.vocabularySize("bert", tensors),
            hiddenSize: try metadata.int("bert.embedding_length"),
            intermediateSize: try metadata.int("bert.feed_forward_length"),
            numHiddenLayers: try metadata.int("bert.block_count"),
            numAttentionHeads: try metadata.int("bert.attention.head_count"),
            maxPositionEmbeddings: try metadata.int("bert.context_length"),
            typeVocabSize: tensors["token_types.weight"]?.shape.first ?? 0,
            layerNormEps: try metadata.float("bert.attention.layer_norm_epsilon"))
    }

    func networkName(gguf name: String) -> String {
        GGUFNames.network(
            name, outer: Self.outerNames, layers: "encoder.layer", inner: Self.layerNames)
    }

    private static let outerNames = [
        "token_embd": "embeddings.word_embeddings",
        "position_embd": "embeddings.position_embeddings",
        "token_types": "embeddings.token_type_embeddings",
        "token_embd_norm": "embeddings.LayerNorm",
        "cls": "pooler.dense",
        "cls.output": "classifier",
    ]

    private static let layerNames = [
        "attn_q": "attention.self.query",
        "attn_k": "attention.self.key",
        "attn_v": "attention.self.value",
        "attn_output": "attention.output.dense",
        "attn_output_norm": "attention.output.LayerNorm",
        "ffn_up": "intermediate.dense",
        "ffn_down": "output.dense",
        "layer_output_norm": "output.LayerNorm",
    ]
}
