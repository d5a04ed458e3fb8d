import PluginCommon
import TensorRuntime

extension NomicBertConfiguration {
    /// What the metadata of a GGUF file of architecture `nomic-bert` says.
    init(_ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]) throws {
        self.init(
            vocabSize: try metadata.vocabularySize("nomic-bert", tensors),
            hiddenSize: try metadata.int("nomic-bert.embedding_length"),
            intermediateSize: try metadata.int("nomic-bert.feed_forward_length"),
            numHiddenLayers: try metadata.int("nomic-bert.block_count"),
            numAttentionHeads: try metadata.int("nomic-bert.attention.head_count"),
            maxPositionEmbeddings: try metadata.int("nomic-bert.context_length"),
            typeVocabSize: tensors["token_types.weight"]?.shape.first ?? 0,
            layerNormEps: try metadata.float("nomic-bert.attention.layer_norm_epsilon"),
            ropeTheta: try metadata.float("nomic-bert.rope.freq_base"))
    }

    func networkName(gguf name: String) -> String {
        GGUFNames.network(
            name, outer: Self.outerNames, layers: "encoder.layers", inner: Self.layerNames)
    }

    private static let outerNames = [
        "token_embd": "embeddings.word_embeddings",
        "token_types": "embeddings.token_type_embeddings",
        "token_embd_norm": "emb_ln",
    ]

    private static let layerNames = [
        "attn_qkv": "attn.Wqkv",
        "attn_output": "attn.out_proj",
        "attn_output_norm": "norm1",
        "ffn_up": "mlp.fc11",
        "ffn_gate": "mlp.fc12",
        "ffn_down": "mlp.fc2",
        "layer_output_norm": "norm2",
    ]
}
