import Foundation
import TestFixtures

/// A GGUF file of a Hugging Face directory, as llama.cpp's converter names and orders it.
struct GGUFModel {
    var builder = GGUFBuilder()
    private let directory: String
    private let weights: Arrays
    private let configuration: [String: Any]

    init(_ directory: String, architecture: String) throws {
        self.directory = directory
        weights = try Arrays("\(directory)/model.safetensors")
        let json = try JSONSerialization.jsonObject(
            with: Fixtures.data("\(directory)/config.json"))
        configuration = json as? [String: Any] ?? [:]
        builder.add("general.architecture", architecture)
        builder.add("general.name", "tiny \(architecture)")
        builder.add("\(architecture).attention.causal", false)
    }

    func int(_ key: String) -> Int { configuration[key] as? Int ?? 0 }

    /// - Parameters:
    ///   - names: the file's name of a tensor; nil for one that is left out.
    ///   - change: what the converter changes of a tensor of that name.
    mutating func addTensors(
        names: (String) -> String?,
        change: (String, Arrays.Array) -> Arrays.Array = { $1 }
    ) {
        for (name, array) in weights.arrays.sorted(by: { $0.key < $1.key }) {
            guard let stored = names(name) else { continue }
            let changed = change(stored, array)
            builder.add(stored, shape: changed.shape, changed.floats)
        }
    }

    /// The WordPiece vocabulary of tokenizer.json with spaces in front of words.
    mutating func addWordPieces(special: [String]) throws {
        let json = try JSONSerialization.jsonObject(
            with: Fixtures.data("\(directory)/tokenizer.json"))
        let model = (json as? [String: Any])?["model"] as? [String: Any]
        let vocabulary = model?["vocab"] as? [String: Int] ?? [:]
        let tokens = vocabulary.sorted { $0.value < $1.value }.map(\.key)
        builder.add("tokenizer.ggml.model", "bert")
        builder.add("tokenizer.ggml.pre", "jina-v2-en")
        builder.add("tokenizer.ggml.token_type_count", 2)
        builder.add(
            "tokenizer.ggml.tokens",
            tokens.map { token in
                if special.contains(token) { return token }
                return token.hasPrefix("##") ? String(token.dropFirst(2)) : "\u{2581}" + token
            })
        builder.add(
            "tokenizer.ggml.token_type", tokens.map { special.contains($0) ? 3 : 1 })
        for (key, token) in [
            ("unknown", "[UNK]"), ("seperator", "[SEP]"), ("padding", "[PAD]"), ("cls", "[CLS]"),
            ("mask", "[MASK]"),
        ] {
            if let id = vocabulary[token] { builder.add("tokenizer.ggml.\(key)_token_id", id) }
        }
    }

    func folder() throws -> TestFolder { try TestFolder(writing: ["model.gguf": builder.file]) }

    /// `encoder.layer.3.output.dense.weight` as `blk.3.` and the name of its folder in a table.
    static func name(
        _ name: String, layers: String, outer: [String: String], inner: [String: String]
    ) -> String? {
        let dot = name.lastIndex(of: ".")!
        let (folder, leaf) = (String(name[..<dot]), name[dot...])
        if let outer = outer[folder] { return outer + leaf }
        guard folder.hasPrefix(layers) else { return nil }
        let parts = folder.dropFirst(layers.count).split(separator: ".", maxSplits: 1)
        return inner[String(parts[1])].map { "blk.\(parts[0]).\($0)\(leaf)" }
    }
}

// MARK: - Families

extension GGUFModel {
    static let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    /// - Parameters:
    ///   - pooling: of `pooling_type`: 1 mean, 2 cls, 4 rank.
    ///   - base: what stands before the encoder's names.
    static func bert(
        _ directory: String, pooling: Int, base: String = "", cutPositions: Int = 0
    ) throws -> GGUFModel {
        var model = try GGUFModel(directory, architecture: "bert")
        model.builder.add("bert.pooling_type", pooling)
        model.addSizes(
            "bert",
            ("max_position_embeddings", -cutPositions), "hidden_size", "intermediate_size",
            "num_hidden_layers", "num_attention_heads")
        let epsilon = model.configuration["layer_norm_eps"] as? Double ?? 1e-12
        model.builder.add("bert.attention.layer_norm_epsilon", Float(epsilon))
        let outer = [
            "embeddings.word_embeddings": "token_embd",
            "embeddings.position_embeddings": "position_embd",
            "embeddings.token_type_embeddings": "token_types",
            "embeddings.LayerNorm": "token_embd_norm",
            "classifier.dense": "cls", "classifier.out_proj": "cls.output",
        ]
        let inner = [
            "attention.self.query": "attn_q", "attention.self.key": "attn_k",
            "attention.self.value": "attn_v", "attention.output.dense": "attn_output",
            "attention.output.LayerNorm": "attn_output_norm", "intermediate.dense": "ffn_up",
            "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm",
        ]
        model.addTensors { stored in
            var name = stored.hasPrefix(base) ? String(stored.dropFirst(base.count)) : stored
            name.replace("LayerNorm.gamma", with: "LayerNorm.weight")
            name.replace("LayerNorm.beta", with: "LayerNorm.bias")
            return Self.name(name, layers: "encoder.layer.", outer: outer, inner: inner)
        } change: { name, array in
            guard name == "position_embd.weight" else { return array }
            let width = array.shape[1]
            return Arrays.Array(
                shape: [array.shape[0] - cutPositions, width],
                floats: Array(array.floats.dropFirst(cutPositions * width)))
        }
        return model
    }

    static func nomicBert(_ directory: String) throws -> GGUFModel {
        var model = try GGUFModel(directory, architecture: "nomic-bert")
        model.builder.add("nomic-bert.pooling_type", 1)
        model.addSizes(
            "nomic-bert", ("max_trained_positions", 0), "n_embd", "n_inner", "n_layer", "n_head")
        model.builder.add("nomic-bert.attention.layer_norm_epsilon", Float(1e-12))
        model.builder.add("nomic-bert.rope.freq_base", Float(1000))
        let outer = [
            "embeddings.word_embeddings": "token_embd",
            "embeddings.token_type_embeddings": "token_types", "emb_ln": "token_embd_norm",
        ]
        let inner = [
            "attn.Wqkv": "attn_qkv", "attn.out_proj": "attn_output", "norm1": "attn_output_norm",
            "mlp.fc11": "ffn_up", "mlp.fc12": "ffn_gate", "mlp.fc2": "ffn_down",
            "norm2": "layer_output_norm",
        ]
        model.addTensors {
            Self.name($0, layers: "encoder.layers.", outer: outer, inner: inner)
        }
        try model.addWordPieces(special: specials)
        return model
    }

    static func modernBert(_ directory: String) throws -> GGUFModel {
        var model = try GGUFModel(directory, architecture: "modern-bert")
        model.builder.add("modern-bert.pooling_type", 2)
        model.addSizes(
            "modern-bert", ("max_position_embeddings", 0), "hidden_size", "intermediate_size",
            "num_hidden_layers", "num_attention_heads")
        model.builder.add("modern-bert.attention.layer_norm_epsilon", Float(1e-5))
        model.builder.add("modern-bert.attention.sliding_window", 8)
        model.builder.add("modern-bert.attention.sliding_window_pattern", 3)
        model.builder.add("modern-bert.rope.freq_base", Float(160_000))
        let outer = [
            "embeddings.tok_embeddings": "token_embd", "embeddings.norm": "token_embd_norm",
            "final_norm": "output_norm",
        ]
        let inner = [
            "attn_norm": "attn_norm", "attn.Wqkv": "attn_qkv", "attn.Wo": "attn_output",
            "mlp_norm": "ffn_norm", "mlp.Wi": "ffn_up", "mlp.Wo": "ffn_down",
        ]
        model.addTensors { Self.name($0, layers: "layers.", outer: outer, inner: inner) }
        try model.addWordPieces(special: specials)
        return model
    }

    private mutating func addSizes(
        _ architecture: String, _ positions: (key: String, change: Int), _ width: String,
        _ inner: String, _ layers: String, _ heads: String
    ) {
        builder.add(
            "\(architecture).context_length", int(positions.key) + positions.change)
        builder.add("\(architecture).embedding_length", int(width))
        builder.add("\(architecture).feed_forward_length", int(inner))
        builder.add("\(architecture).block_count", int(layers))
        builder.add("\(architecture).attention.head_count", int(heads))
    }
}
