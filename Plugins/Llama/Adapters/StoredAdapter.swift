import PluginCommon
import TensorRuntime

/// An adapter in its files: two matrices for each map that it adds to.
struct StoredAdapter {
    /// Of one map, by the names in the file.
    struct Matrices {
        var a: TensorEntry?
        var b: TensorEntry?
    }

    let path: String
    /// By the network's names of the maps.
    var matrices: [String: Matrices] = [:]
    /// Turns the rows of a B, given by the name of its map, into the network's order.
    let layout: (_ name: String, Tensor) throws -> Tensor
    /// s of a map, by its rank.
    let scale: (_ name: String, _ rank: Int) throws -> Float
    /// Whether the adapter says that it adds to a map.
    var claims: (_ name: String) -> Bool = { _ in false }
    /// What the file calls the matrices of a map.
    let names: (a: (String) -> String, b: (String) -> String)

    /// A directory of PEFT, or a GGUF file.
    ///
    /// - Throws: `CheckpointError`, `ConfigurationError`, `LlamaError.adapter`.
    static func open(_ path: String, of decoder: DecoderForm) throws -> StoredAdapter {
        if let configuration = ConfigurationFile(ifPresent: "\(path)/adapter_config.json") {
            return try StoredAdapter(peft: path, configuration, of: decoder)
        }
        return try StoredAdapter(gguf: Checkpoint.open(path), of: decoder)
    }
}

/// What a model's files and an adapter's have to agree about.
struct DecoderForm {
    let family: Family
    let configuration: DecoderConfiguration
    /// The linear maps of the network.
    let maps: [NamedMap]
}

// MARK: - For the network

extension StoredAdapter {
    /// - Throws: naming what is missing, or does not fit the network.
    func additions(to maps: [NamedMap]) throws -> [LowRankAddition] {
        let known = Dictionary(grouping: maps, by: \.name)
        if let other = matrices.keys.sorted().first(where: { known[$0] == nil }) {
            throw LlamaError.adapter(path, .unknownMap(other))
        }
        if let lost = known.keys.sorted().first(where: { claims($0) && matrices[$0] == nil }) {
            throw CheckpointError.inFile(path: path, .missingTensor(names.a(lost), near: []))
        }
        return try matrices.sorted { $0.key < $1.key }.flatMap { name, matrices in
            try additions(matrices, named: name, to: known[name] ?? [])
        }
    }

    /// - Parameter parts: the maps that are stored under the name, usually one.
    private func additions(
        _ matrices: Matrices, named name: String, to parts: [NamedMap]
    ) throws -> [LowRankAddition] {
        guard let a = matrices.a else {
            throw CheckpointError.inFile(path: path, .missingTensor(names.a(name), near: []))
        }
        guard let b = matrices.b else {
            throw CheckpointError.inFile(path: path, .missingTensor(names.b(name), near: []))
        }
        let (from, to) = (parts[0].from, parts.reduce(0) { max($0, $1.rows.upperBound) })
        let rank = a.shape.first ?? 0
        guard rank > 0, a.shape == [rank, from] else {
            throw CheckpointError.inFile(
                path: path,
                .shape(tensor: a.name, found: a.shape, expected: [max(rank, 1), from]))
        }
        guard b.shape == [to, rank] else {
            throw CheckpointError.inFile(
                path: path, .shape(tensor: b.name, found: b.shape, expected: [to, rank]))
        }
        let scale = try scale(name, rank)
        let down = try Linear(a.read())
        let up = try laidOut(b.read(), name)
        return try parts.map { try LowRankAddition(to: $0, a: down, b: up, scale: scale) }
    }

    /// The layout of a file whose maps are stored transposed takes B so, too.
    private func laidOut(_ b: Tensor, _ name: String) throws -> Tensor {
        let rows = try layout(name, b)
        return rows.shape == b.shape ? rows : try layout(name, b.transposed())
    }
}

/// Why an adapter's files are refused.
enum AdapterProblem: Equatable {
    case unknownMap(String)
    case unknownTensor(String)
    case embedding(String)
    case architecture(found: String, expected: String)
    case value(key: String, found: String, expected: String)
    case pickled
    case settings([String])
}

extension AdapterProblem: CustomStringConvertible {
    var description: String {
        switch self {
        case .unknownMap(let name):
            "it adds to '\(name)', which the model does not have; it was made for another model"
        case .unknownTensor(let name):
            "tensor '\(name)' is no matrix of a LoRA adapter, which are all that this plugin applies"
        case .embedding(let name):
            "it adds to the embedding '\(name)', expected linear maps only; merge it into the model"
        case .architecture(let found, let expected):
            "it was made for architecture '\(found)', the model is '\(expected)'"
        case .value(let key, let found, let expected):
            "'\(key)' is \(found), expected \(expected)"
        case .settings(let keys):
            "its settings have \(keys.joined(separator: ", ")), expected none"
        case .pickled:
            "its weights are in adapter_model.bin, expected adapter_model.safetensors; save it again with "
                + "safe_serialization"
        }
    }
}
