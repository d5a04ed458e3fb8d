import ModelJSON

/// The configuration files of a Hugging Face directory, undecoded: models differ in their keys.
public struct HuggingFaceMetadata: Sendable {
    public let directory: String
    /// `config.json`
    public let configuration: [UInt8]
    /// `generation_config.json`, if there is one.
    public let generationConfiguration: [UInt8]?
}

extension Directory {
    /// The base names under which libraries save weights, the half-precision variants last.
    private static let stems = [
        "model", "diffusion_pytorch_model", "model.fp16", "diffusion_pytorch_model.fp16",
    ]
    private static let longestConfiguration = 1 << 24

    /// safetensors beside a config.json, else the only .gguf file. A single file takes precedence
    /// over an index, which may be a leftover: transformers does the same.
    func checkpoint() throws -> Checkpoint {
        for stem in Self.stems {
            if has("\(stem).safetensors") {
                return try huggingFace { try safetensors("\(stem).safetensors") }
            }
            if has("\(stem).safetensors.index.json") {
                return try huggingFace { try sharded("\(stem).safetensors.index.json") }
            }
        }
        return try onlyGGUF()
    }

    private func onlyGGUF() throws -> Checkpoint {
        // Parts of one model count as one; image projectors are not models.
        let all = names.filter { $0.hasSuffix(".gguf") && !$0.hasPrefix("mmproj") }
        let files = all.filter { name in
            PartName(name).map { part in
                !all.contains { PartName($0)?.isEarlier(than: part) == true }
            } ?? true
        }
        switch files.count {
        case 1: return try Checkpoint.gguf(path(of: files[0]))
        case 0: throw CheckpointError.inFile(path: path, .noWeights)
        default: throw CheckpointError.inFile(path: path, .severalCheckpoints(files))
        }
    }

    private func huggingFace(_ tensors: () throws -> [String: TensorEntry]) throws -> Checkpoint {
        guard has("config.json") else {
            throw CheckpointError.inFile(path: path, .missingFile("config.json"))
        }
        let generation = "generation_config.json"
        let metadata = HuggingFaceMetadata(
            directory: path, configuration: try contents("config.json"),
            generationConfiguration: has(generation) ? try contents(generation) : nil)
        let quantization = QuantizationConfiguration(json: metadata.configuration)
        let stored = try tensors()
        let assembled = try CheckpointError.at(path) {
            try QuantizedWeights.assembled(stored, quantization)
        }
        return Checkpoint(path: path, metadata: .huggingFace(metadata), tensors: assembled)
    }

    private func safetensors(_ name: String) throws -> [String: TensorEntry] {
        try CheckpointError.at(path(of: name)) {
            let file = try SafetensorsFile(MappedFile(path(of: name)))
            return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
        }
    }

    private func contents(_ name: String) throws -> [UInt8] {
        try CheckpointError.at(path(of: name)) {
            let file = try small(name)
            return file.array(0..<file.count)
        }
    }

    /// A text file that is read whole.
    private func small(_ name: String) throws -> MappedFile {
        let file = try MappedFile(path(of: name))
        guard file.count <= Self.longestConfiguration else {
            throw CheckpointError.tooLarge(
                found: file.count, most: Self.longestConfiguration)
        }
        return file
    }
}

extension Checkpoint {
    /// The tensors of a safetensors file that is no model by itself, such as an adapter's.
    public static func tensors(ofSafetensors path: String) throws -> [String: TensorEntry] {
        try CheckpointError.at(path) {
            let file = try SafetensorsFile(MappedFile(path))
            return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
        }
    }
}

// MARK: - Shards

extension Directory {
    /// The tensors of all files that an index names.
    private func sharded(_ index: String) throws -> [String: TensorEntry] {
        let places = try CheckpointError.at(path(of: index)) { try weightMap(index) }
        var tensors: [String: TensorEntry] = [:]
        for shard in Set(places.values).sorted() {
            for (name, entry) in try safetensors(shard)
            where tensors.updateValue(entry, forKey: name) != nil {
                throw CheckpointError.inFile(
                    path: path(of: shard), .duplicate(what: "tensor", name: name))
            }
        }
        for (name, shard) in places where tensors[name]?.file.path != path(of: shard) {
            throw CheckpointError.inFile(
                path: path(of: index), .notInShard(tensor: name, shard: shard))
        }
        return tensors
    }

    /// `{"metadata": …, "weight_map": {tensor: file, …}}`
    private func weightMap(_ name: String) throws -> [String: String] {
        let file = try small(name)
        var places: [String: String] = [:]
        try CheckpointError.readingJSON(file, 0..<file.count) { json in
            try json.object { json, key in
                guard key == "weight_map" else { return try json.skip() }
                try json.object { json, tensor in
                    places[tensor] = try Self.fileName(json.string())
                }
            }
        }
        return places
    }

    /// An index must not lead out of its directory.
    private static func fileName(_ name: String) throws -> String {
        guard !name.contains("/"), !name.contains("\0"), !name.isEmpty, name != "..", name != "."
        else { throw CheckpointError.fileNameWithPath(name) }
        return name
    }
}
