internal import FoundationEssentials

/// The files of a Hugging Face directory that make up its tokenizer.
struct TokenizerDirectory {
    let path: String

    func tokenizer() throws -> any Tokenizer {
        let configuration = try TokenizerConfiguration { name in
            try read(name) { bytes in
                var reader = try JSONReader(bytes)
                let node = JSONNode(try reader.value(), at: "")
                try reader.end()
                return node
            }
        }
        let tokenizer = try read("tokenizer.json") { bytes in
            try BPELoading(try TokenizerJSON(bytes), configuration).tokenizer()
        }
        guard let tokenizer else {
            throw TokenizerError.file(
                "\(path)/tokenizer.json", .unreadable(reason: "there is no such file"))
        }
        return tokenizer
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

    private static func contents(_ file: String) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: file)))
        } catch {
            throw TokenizerError.unreadable(reason: "\(error)")
        }
    }
}
