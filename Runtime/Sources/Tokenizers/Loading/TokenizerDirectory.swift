internal import FoundationEssentials

/// The files of a Hugging Face directory that make up its tokenizer.
struct TokenizerDirectory {
    let path: String

    func tokenizer() throws -> any Tokenizer {
        let configuration = try TokenizerConfiguration(read: node)
        let tokenizer =
            try read("tokenizer.json") { bytes in
                try Self.tokenizer(try TokenizerJSON(bytes), configuration)
            }
            ?? read("vocab.txt") { bytes in
                let file = try TokenizerJSON(
                    vocabulary: bytes, settings: try node("tokenizer_config.json"))
                return try Self.tokenizer(file, configuration)
            }
        guard let tokenizer else {
            throw TokenizerError.file(
                "\(path)/tokenizer.json", .unreadable(reason: "there is no such file"))
        }
        return tokenizer
    }

    /// A JSON file as a tree.
    private func node(_ name: String) throws -> JSONNode? {
        try read(name) { bytes in
            var reader = try JSONReader(bytes)
            let node = JSONNode(try reader.value(), at: "")
            try reader.end()
            return node
        }
    }

    private static func tokenizer(
        _ file: TokenizerJSON, _ configuration: TokenizerConfiguration
    ) throws -> any Tokenizer {
        let kind = try file.model.kind
        return switch kind {
        case "BPE": try BPELoading(file, configuration).tokenizer()
        case "WordPiece": try WordPieceLoading(file, configuration).tokenizer()
        case "Unigram": try UnigramLoading(file, configuration).tokenizer()
        default: throw TokenizerError.unsupported(part: "model", kind: kind)
        }
    }

    /// What `parse` makes of a file; nil where there is no such file. Errors name the file.
    private func read<T>(_ name: String, _ parse: ([UInt8]) throws -> T) throws -> T? {
        let file = "\(path)/\(name)"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try parse(try Self.contents(file))
        } catch let error as TokenizerError {
            throw TokenizerError.file(file, error)
        }
    }

    /// No tokenizer is larger by far; offsets into one have 32 bits.
    private static let largestFile = 1 << 30

    private static func contents(_ file: String) throws -> [UInt8] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file), options: .mappedIfSafe)
        } catch {
            throw TokenizerError.unreadable(reason: "\(error)")
        }
        guard data.count <= largestFile else {
            throw TokenizerError.unreadable(
                reason: "\(data.count) bytes, expected at most \(largestFile)")
        }
        return Array(data)
    }
}
