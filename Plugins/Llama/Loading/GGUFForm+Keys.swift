import ModelJSON
import PluginCommon
import TensorRuntime

extension GGUFForm {
    /// The metadata, with the keys of config.json.
    ///
    /// - Throws: `CheckpointError` naming a key that is missing or of the wrong kind, or
    ///   `ConfigurationError` for what the format allows and no network of this plugin implements.
    func configuration(
        _ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]
    ) throws -> ConfigurationFile {
        try refuseExtras(metadata)
        var object: [(key: String, value: JSON)] = [
            ("vocab_size", .integer(try metadata.vocabularySize(architecture, tensors))),
            ("tie_word_embeddings", .bool(tensors["output.weight"] == nil)),
        ]
        for (key, own) in Self.usualSizes.merging(sizes, uniquingKeysWith: { $1 }) {
            object.append((key, .integer(try metadata.int(path(own)))))
        }
        object += try layerTypes(metadata)
        for (key, own) in Self.furtherSizes where !object.contains(where: { $0.key == key }) {
            guard let size = try metadata.int(ifPresent: path(own)) else { continue }
            object.append((key, .integer(size)))
        }
        for (key, own) in Self.numbers.merging(keys, uniquingKeysWith: { $1 }) {
            guard let number = try metadata.float(ifPresent: path(own)) else { continue }
            object.append((key, .number(Double(number))))
        }
        for (key, own) in flags {
            guard let flag = try metadata.bool(ifPresent: path(own)) else { continue }
            object.append((key, .bool(flag)))
        }
        if let rotary = try rotary(metadata, tensors) { object.append(("rope_scaling", rotary)) }
        return ConfigurationFile(name: "the metadata", .object(object))
    }

    /// The file's key for one of config.json.
    func key(_ key: String) -> String {
        let all = [
            sizes, Self.usualSizes, Self.furtherSizes, Self.numbers, Self.rotaryKeys, keys, flags,
        ]
        return all.lazy.compactMap { $0[key] }.first.map(path) ?? key
    }

    private func path(_ own: String) -> String { "\(architecture).\(own)" }

    private static let usualSizes = [
        "hidden_size": "embedding_length",
        "intermediate_size": "feed_forward_length",
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "max_position_embeddings": "context_length",
    ]

    private static let furtherSizes = [
        "num_key_value_heads": "attention.head_count_kv",
        "head_dim": "attention.key_length",
        "sliding_window": "attention.sliding_window",
        "rotary_dim": "rope.dimension_count",
    ]

    private static let numbers = [
        "rms_norm_eps": "attention.layer_norm_rms_epsilon",
        "layer_norm_eps": "attention.layer_norm_epsilon",
        "rope_theta": "rope.freq_base",
    ]

    /// Which layers are recurrent: those without heads of keys and values, or those of a list.
    private func layerTypes(
        _ metadata: GGUFMetadata
    ) throws -> [(key: String, value: JSON)] {
        guard let recurrentLayers else { return [] }
        let types = { (isRecurrent: [Bool]) in
            JSON.array(isRecurrent.map { .string($0 ? recurrentLayers : "full_attention") })
        }
        let list = path("attention.recurrent_layers")
        if let isRecurrent = try metadata.bools(ifPresent: list) {
            return [("layer_types", types(isRecurrent))]
        }
        let heads = path("attention.head_count_kv")
        // One number for all layers is read as such.
        guard let counts = try? metadata.ints(ifPresent: heads) else { return [] }
        return [
            ("layer_types", types(counts.map { $0 == 0 })),
            ("num_key_value_heads", .integer(counts.max() ?? 0)),
        ]
    }

    /// Refuses unsupported variants of these architectures: mixtures of experts, values of another
    /// size than keys, attention to what follows.
    private func refuseExtras(_ metadata: GGUFMetadata) throws {
        if try metadata.bool(ifPresent: path("attention.causal")) == false {
            throw ConfigurationError.unsupported(
                path("attention.causal"), found: "false", expected: "true")
        }
        if let experts = try metadata.int(ifPresent: path("expert_count")), experts > 0, !hasExperts
        {
            throw ConfigurationError.unsupported(
                path("expert_count"), found: "\(experts)", expected: "0")
        }
        let keySize = try metadata.int(ifPresent: path("attention.key_length"))
        if let found = try metadata.int(ifPresent: path("attention.value_length")),
            let keySize, found != keySize
        {
            throw ConfigurationError.unsupported(
                path("attention.value_length"), found: "\(found)", expected: "\(keySize)")
        }
    }
}

// MARK: - Rotary scaling

extension GGUFForm {
    private static let rotaryKeys = [
        "rope_scaling": "rope.scaling.type", "factor": "rope.scaling.factor",
        "original_max_position_embeddings": "rope.scaling.original_context_length",
    ]

    private func rotary(
        _ metadata: GGUFMetadata, _ tensors: [String: TensorEntry]
    ) throws -> JSON? {
        if tensors["rope_factors_long.weight"] != nil { return try longRope(metadata) }
        // The second is the older name; 0 and 1 scale nothing.
        let factor =
            try metadata.float(ifPresent: path("rope.scaling.factor"))
            ?? metadata.float(ifPresent: path("rope.scale_linear"))
        let scales = factor.map { $0 != 0 && $0 != 1 } ?? false
        let key = path("rope.scaling.type")
        let type = try metadata.string(ifPresent: key) ?? (scales ? "linear" : "none")
        guard type != "none" else { return nil }
        guard ["linear", "yarn"].contains(type) else {
            throw ConfigurationError.unsupported(key, found: type, expected: "none, linear, yarn")
        }
        guard let factor else { throw ConfigurationError.missing(path("rope.scaling.factor")) }
        return .object(
            [("rope_type", .string(type)), ("factor", .number(Double(factor)))]
                + (try trainedPositions(metadata)) + (try ramp(metadata)))
    }

    /// Of YaRN.
    private func ramp(_ metadata: GGUFMetadata) throws -> [(key: String, value: JSON)] {
        try ["beta_fast", "beta_slow"].compactMap { key in
            try metadata.float(ifPresent: path("rope.scaling.yarn_\(key)")).map {
                (key, .number(Double($0)))
            }
        }
    }

    /// Whose factors are tensors.
    private func longRope(_ metadata: GGUFMetadata) throws -> JSON {
        let amplitude = try metadata.float(ifPresent: path("rope.scaling.attn_factor"))
        return .object(
            [("rope_type", .string("longrope"))]
                + (amplitude.map { [("attention_factor", .number(Double($0)))] } ?? [])
                + (try trainedPositions(metadata)))
    }

    private func trainedPositions(
        _ metadata: GGUFMetadata
    ) throws -> [(key: String, value: JSON)] {
        let key = path("rope.scaling.original_context_length")
        guard let positions = try metadata.int(ifPresent: key) else { return [] }
        return [("original_max_position_embeddings", .integer(positions))]
    }
}
