public import TensorRuntime

/// The names of tensors in GGUF files: `blk.3.attn_q.weight`.
public enum GGUFNames {
    /// - Parameters:
    ///   - outer: the network's folders of those outside the layers, by the file's.
    ///   - layers: the network's folder of layers.
    ///   - inner: the network's folders within a layer, by the file's.
    public static func network(
        _ name: String, outer: [String: String], layers: String, inner: [String: String]
    ) -> String {
        guard let dot = name.lastIndex(of: ".") else { return name }
        let (folder, leaf) = (String(name[..<dot]), name[name.index(after: dot)...])
        if let outer = outer[folder] { return "\(outer).\(leaf)" }
        let parts = folder.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 2, parts[0] == "blk",
            let inner = inner[parts[2...].joined(separator: ".")]
        else { return name }
        return "\(layers).\(parts[1]).\(inner).\(leaf)"
    }
}

extension GGUFMetadata {
    /// The rows of the table of tokens, for which not every file has a key.
    public func vocabularySize(_ architecture: String, _ tensors: [String: TensorEntry]) throws
        -> Int
    {
        if let size = try int(ifPresent: "\(architecture).vocab_size") { return size }
        guard let size = tensors["token_embd.weight"]?.shape.first else {
            throw ConfigurationError.missing("token_embd.weight")
        }
        return size
    }
}
