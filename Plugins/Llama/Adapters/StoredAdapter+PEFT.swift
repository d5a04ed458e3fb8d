import FoundationEssentials
import PluginCommon
import TensorRuntime

/// Adapters as PEFT saves them: `adapter_config.json` beside `adapter_model.safetensors`, whose tensors are
/// `base_model.model.MODULE.lora_A.weight` [r, from] and `….lora_B.weight` [to, r].
extension StoredAdapter {
    private static let prefix = "base_model.model."

    init(peft directory: String, _ file: ConfigurationFile, of decoder: DecoderForm) throws {
        let configuration = try file.decode(PEFTConfiguration.self)
        try configuration.check()
        let weights = "\(directory)/adapter_model.safetensors"
        path = directory
        names = (
            { "\(Self.prefix)\($0).lora_A.weight" }, { "\(Self.prefix)\($0).lora_B.weight" }
        )
        let files = FileManager.default
        if !files.fileExists(atPath: weights),
            files.fileExists(atPath: "\(directory)/adapter_model.bin")
        {
            throw LlamaError.adapter(directory, .pickled)
        }
        let form = decoder.family.huggingFace
        layout = { name, tensor in
            try form.layout(decoder.configuration, "\(name).weight", tensor)
        }
        /// PEFT's names of the network's maps.
        var modules: [String: String] = [:]
        for (stored, entry) in try Checkpoint.tensors(ofSafetensors: weights) {
            let (module, part) = try Self.split(stored, of: directory)
            guard let name = form.networkName("\(module).weight", isBare: false) else {
                throw LlamaError.adapter(directory, .unknownMap(module))
            }
            let map = String(name.dropLast(".weight".count))
            modules[map] = module
            matrices[map, default: Matrices()][keyPath: part] = entry
        }
        scale = { [modules] name, rank in
            try configuration.scale(of: modules[name] ?? name, rank: rank)
        }
        claims = { configuration.claims($0) }
    }

    /// The module that is added to, and which matrix it is.
    private static func split(
        _ stored: String, of path: String
    ) throws -> (module: String, part: WritableKeyPath<Matrices, TensorEntry?>) {
        let name = stored.hasPrefix(prefix) ? stored.dropFirst(prefix.count) : stored[...]
        let ends: [(String, WritableKeyPath<Matrices, TensorEntry?>)] = [
            (".lora_A.weight", \.a), (".lora_B.weight", \.b),
        ]
        for (end, part) in ends where name.hasSuffix(end) {
            return (String(name.dropLast(end.count)), part)
        }
        if let range = name.firstRange(of: ".lora_embedding_") {
            throw LlamaError.adapter(path, .embedding(String(name[..<range.lowerBound])))
        }
        throw LlamaError.adapter(path, .unknownTensor(stored))
    }
}

/// `adapter_config.json`, as PEFT's `LoraConfig` writes it. `fan_in_fan_out` says how the model's own weights
/// lie, and makes no difference to the two matrices.
struct PEFTConfiguration: Decodable, Sendable {
    let peftType: String?
    let r: Int?
    let loraAlpha: Double?
    /// Rank-stabilized, Kalajdzievski 2023 (arXiv:2312.03732): s = α / √r.
    let useRslora: Bool?
    let rankPattern: [String: Int]?
    let alphaPattern: [String: Double]?
    let targetModules: Targets?

    // What changes more than these additions.
    let useDora: Bool?
    let useQalora: Bool?
    let bias: String?
    let loraBias: Bool?
    let modulesToSave: [String]?
    let targetParameters: [String]?
    let layerReplication: Anything?
    let trainableTokenIndices: Anything?
    let aloraInvocationTokens: Anything?
    let initLoraWeights: Initialization?

    // What leaves modules of `target_modules` out.
    let layersToTransform: Anything?
    let excludeModules: Anything?

    /// Names of modules, or a pattern.
    enum Targets: Decodable, Sendable {
        case names([String])
        case pattern

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = (try? container.decode([String].self)).map { .names($0) } ?? .pattern
        }
    }

    enum Initialization: Decodable, Sendable {
        case usual
        case named(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = (try? container.decode(String.self)).map { .named($0) } ?? .usual
        }
    }

    /// A value that matters only by being there.
    struct Anything: Decodable, Sendable {
        init(from decoder: any Decoder) throws {}
    }
}

// MARK: - What is refused

extension PEFTConfiguration {
    /// Initializations that leave the model's own weights as they are.
    private static let initializations = ["gaussian", "eva", "orthogonal"]

    /// - Throws: `ConfigurationError` naming the key that asks for more than low-rank additions.
    func check() throws {
        if peftType != "LORA" { throw unsupported("peft_type", peftType ?? "null", "LORA") }
        for (key, value) in [
            ("use_dora", useDora), ("use_qalora", useQalora), ("lora_bias", loraBias),
        ] where value == true {
            throw unsupported(key, "true", "false")
        }
        if let bias, bias != "none" { throw unsupported("bias", bias, "none") }
        for (key, value) in [
            ("modules_to_save", modulesToSave), ("target_parameters", targetParameters),
        ] {
            if let value, !value.isEmpty {
                throw unsupported(key, value.joined(separator: ", "), "null")
            }
        }
        for (key, value) in [
            ("layer_replication", layerReplication),
            ("trainable_token_indices", trainableTokenIndices),
            ("alora_invocation_tokens", aloraInvocationTokens),
        ] where value != nil {
            throw unsupported(key, "set", "null")
        }
        if case .named(let name)? = initLoraWeights, !Self.initializations.contains(name) {
            throw unsupported(
                "init_lora_weights", "\(name), which changes the model's own weights",
                "an adapter that was converted to plain LoRA when it was saved")
        }
        try checkNumbers()
    }

    private func checkNumbers() throws {
        guard let r else { throw ConfigurationError.missing("r") }
        guard let loraAlpha else { throw ConfigurationError.missing("lora_alpha") }
        for (key, rank) in [("r", r)] + (rankPattern ?? [:]).sorted(by: { $0.key < $1.key })
        where rank < 1 {
            throw ConfigurationError.range(key, found: "\(rank)", expected: "at least 1")
        }
        let alphas = (alphaPattern ?? [:]).sorted { $0.key < $1.key }
        for (key, alpha) in [("lora_alpha", loraAlpha)] + alphas where !alpha.isFinite {
            throw ConfigurationError.range(key, found: "\(alpha)", expected: "a finite number")
        }
        for (key, patterns) in [
            ("rank_pattern", Array((rankPattern ?? [:]).keys)),
            ("alpha_pattern", alphas.map(\.key)),
        ] {
            if let other = patterns.sorted().first(where: { !Self.isName($0) }) {
                throw unsupported(key, "the pattern '\(other)'", "names of modules")
            }
        }
    }

    private func unsupported(
        _ key: String, _ found: String, _ expected: String
    ) -> ConfigurationError {
        .unsupported(key, found: found, expected: expected)
    }
}

// MARK: - Scales

extension PEFTConfiguration {
    /// s of a module.
    ///
    /// - Parameter rank: of its matrices.
    func scale(of module: String, rank: Int) throws -> Float {
        let expected = Self.value(for: module, in: rankPattern) ?? r ?? rank
        guard rank == expected else {
            throw ConfigurationError.range(
                "r", found: "\(expected) for '\(module)'",
                expected: "\(rank), which its matrices have")
        }
        let alpha = Self.value(for: module, in: alphaPattern) ?? loraAlpha ?? 0
        return Float(alpha / (useRslora == true ? Double(rank).squareRoot() : Double(rank)))
    }

    /// Whether the adapter has matrices for a module. Experts are modules only in some versions of
    /// transformers.
    func claims(_ module: String) -> Bool {
        guard case .names(let names)? = targetModules, layersToTransform == nil,
            excludeModules == nil, !module.contains(".experts.")
        else { return false }
        return names.contains { module == $0 || module.hasSuffix(".\($0)") }
    }

    /// What the most specific name says that a module ends with; one with ^ is the whole name.
    private static func value<Value>(
        for module: String, in patterns: [String: Value]?
    ) -> Value? {
        let fitting = (patterns ?? [:]).filter { key, _ in
            let name = literal(key)
            return module == name || !key.hasPrefix("^") && module.hasSuffix(".\(name)")
        }
        return fitting.max { $0.key.utf8.count < $1.key.utf8.count }?.value
    }

    /// A regular expression that is nothing but a name.
    private static func isName(_ pattern: String) -> Bool {
        literal(pattern).utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    private static func literal(_ pattern: String) -> String {
        let name = pattern.hasPrefix("^") ? String(pattern.dropFirst()) : pattern
        return name.replacing("\\.", with: ".")
    }
}
