/// The weights of a network, in one of the common formats, mapped into memory.
public struct Checkpoint: Sendable {
    /// What the format says about the network besides its weights.
    public enum Metadata: Sendable {
        case gguf(GGUFMetadata)
        case huggingFace(HuggingFaceMetadata)
    }

    public let path: String
    public let metadata: Metadata
    /// By the names in the file.
    public let tensors: [String: TensorEntry]

    /// Opens a .gguf file, a directory that holds one, or a Hugging Face directory.
    /// - Throws: `CheckpointError` with the path of the file it is about.
    public static func open(_ path: String) throws -> Checkpoint {
        if let directory = Directory(path) {
            return try directory.checkpoint()
        }
        return try gguf(path)
    }

    static func gguf(_ path: String) throws -> Checkpoint {
        let file = try CheckpointError.at(path) { try GGUFFile(MappedFile(path)) }
        guard let split = file.split else {
            return Checkpoint(
                path: path, metadata: .gguf(file.metadata),
                tensors: Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) }))
        }
        let parts = try GGUFParts(file, split, at: path)
        return Checkpoint(
            path: path, metadata: .gguf(parts.metadata), tensors: try parts.tensors())
    }

    /// - Parameter isUsed: whether the network reads a tensor of this name.
    /// - Throws: `CheckpointError.unsupportedType` naming a tensor whose type is not supported.
    public func requireReadable(where isUsed: (String) -> Bool) throws {
        let names = tensors.values.filter { $0.type.element == nil }.map(\.name).sorted()
        for name in names where isUsed(name) {
            throw CheckpointError.inFile(
                path: path,
                .unsupportedType(tensor: name, type: tensors[name]?.type.name ?? ""))
        }
    }
}
