import PluginCommon
import TensorRuntime

extension LlamaModel {
    /// The Hugging Face name of a tensor of a GGUF file. A name that is not in the table stays as
    /// it is, and is found to be part of no network.
    static func huggingFaceName(gguf name: String) -> String {
        if let name = outerNames[name] { return name }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "blk", parts[3] == "weight",
            let inner = layerNames[String(parts[2])]
        else { return name }
        return "model.layers.\(parts[1]).\(inner).weight"
    }

    private static let outerNames = [
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
        "rope_freqs.weight": "model.rotary_emb.divisors",
    ]

    private static let layerNames = [
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    ]

    /// Turns a tensor of a GGUF file into Hugging Face's layout: in each head of queries and keys the
    /// file has the rows of a rotary pair next to each other, Hugging Face half a head apart.
    static func huggingFaceLayout(
        _ c: LlamaConfiguration
    ) -> @Sendable (String, Tensor) throws -> Tensor {
        { name, tensor in
            if name.hasSuffix("q_proj.weight") {
                return try tensor.selectingRows(
                    Self.halves(heads: c.numAttentionHeads, headSize: c.headSize))
            }
            if name.hasSuffix("k_proj.weight") {
                return try tensor.selectingRows(
                    Self.halves(heads: c.keyValueHeads, headSize: c.headSize))
            }
            return tensor
        }
    }

    /// For each row of Hugging Face's order, the row of the file.
    private static func halves(heads: Int, headSize: Int) -> [Int] {
        (0..<heads * headSize).map { row in
            let (head, place) = row.quotientAndRemainder(dividingBy: headSize)
            let (half, pair) = place.quotientAndRemainder(dividingBy: headSize / 2)
            return head * headSize + 2 * pair + half
        }
    }
}

extension LlamaConfiguration {
    /// What the metadata of a GGUF file of architecture `llama` says.
    ///
    /// - Throws: `CheckpointError` naming a key that is missing or of the wrong kind, or
    ///   `ConfigurationError` for what the architecture allows and this network does not implement.
    init(_ metadata: GGUFMetadata, isTied: Bool) throws {
        self.init(
            vocabSize: try metadata.vocabularySize,
            hiddenSize: try metadata.int("llama.embedding_length"),
            intermediateSize: try metadata.int("llama.feed_forward_length"),
            numHiddenLayers: try metadata.int("llama.block_count"),
            numAttentionHeads: try metadata.int("llama.attention.head_count"),
            numKeyValueHeads: try metadata.int(ifPresent: "llama.attention.head_count_kv"),
            headDim: try metadata.int(ifPresent: "llama.attention.key_length"),
            maxPositionEmbeddings: try metadata.int("llama.context_length"),
            rmsNormEps: try metadata.float("llama.attention.layer_norm_rms_epsilon"),
            tieWordEmbeddings: isTied,
            ropeTheta: try metadata.float(ifPresent: "llama.rope.freq_base"),
            ropeScaling: try RotaryParameters(metadata))
        try checkExtras(metadata)
    }

    /// What the architecture also stands for: mixtures of experts, windows, heads of several sizes.
    private func checkExtras(_ metadata: GGUFMetadata) throws {
        for key in ["llama.expert_count", "llama.attention.sliding_window"] {
            if let found = try metadata.int(ifPresent: key), found > 0 {
                throw ConfigurationError.unsupported(key, found: "\(found)", expected: "0")
            }
        }
        guard numAttentionHeads > 0 else { return }
        for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
            if let found = try metadata.int(ifPresent: key), found != headSize {
                throw ConfigurationError.unsupported(
                    key, found: "\(found)", expected: "\(headSize)")
            }
        }
    }
}

extension LlamaConfiguration.RotaryParameters {
    fileprivate init?(_ metadata: GGUFMetadata) throws {
        let key = "llama.rope.scaling.type"
        // The second is the older name; 0 and 1 scale nothing.
        let factor =
            try metadata.float(ifPresent: "llama.rope.scaling.factor")
            ?? metadata.float(ifPresent: "llama.rope.scale_linear")
        let scales = factor.map { $0 != 0 && $0 != 1 } ?? false
        switch try metadata.string(ifPresent: key) ?? (scales ? "linear" : "none") {
        case "none": return nil
        case "linear":
            guard let factor else { throw ConfigurationError.missing("llama.rope.scaling.factor") }
            self.init(ropeType: "linear", factor: factor)
        case let type:
            throw ConfigurationError.unsupported(key, found: type, expected: "none, linear")
        }
    }
}

extension GGUFMetadata {
    fileprivate var vocabularySize: Int {
        get throws {
            try int(ifPresent: "llama.vocab_size") ?? ints("tokenizer.ggml.token_type").count
        }
    }
}
