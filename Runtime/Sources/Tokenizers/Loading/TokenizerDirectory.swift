internal import FoundationEssentials
import ModelJSON

/// The files of a Hugging Face directory that make up its tokenizer.
struct TokenizerDirectory {
    let path: String

    func tokenizer() throws -> any Tokenizer {
        let configuration = try TokenizerConfiguration(
            template: read("chat_template.jinja") { String(decoding: $0, as: UTF8.self) },
            read: node)
        let published = try read("tokenizer.json") { bytes in
            try Self.tokenizer(try TokenizerJSON(bytes), configuration)
        }
        let settings = try node("tokenizer_config.json")
        guard
            let tokenizer = try published ?? sentencePiece(configuration, settings)
                ?? byteLevel(configuration, settings) ?? wordPiece(configuration, settings)
        else {
            throw TokenizerError.file(
                "\(path)/tokenizer.json", .unreadable(reason: "there is no such file"))
        }
        return tokenizer
    }

    /// A JSON file as a tree.
    private func node(_ name: String) throws -> JSONNode? {
        try read(name) { bytes in
            try TokenizerError.readingJSON(bytes) { JSONNode(try $0.value(), at: "") }
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

    /// Applies `parse` to a file; nil if there is no such file. Errors name the file.
    private func read<T>(_ name: String, _ parse: ([UInt8]) throws -> T) throws -> T? {
        let file = "\(path)/\(name)"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        do {
            return try parse(try Self.contents(file))
        } catch let error as TokenizerError {
            throw TokenizerError.file(file, error)
        }
    }

    /// Far larger than any tokenizer; offsets into one have 32 bits.
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
        guard !data.starts(with: "version https://git-lfs".utf8) else {
            throw TokenizerError.unreadable(
                reason: "it is a Git LFS pointer and not the file itself; fetch that with "
                    + "git lfs pull")
        }
        return Array(data)
    }
}

// MARK: - Without tokenizer.json

extension TokenizerDirectory {
    private static let sentencePieceFiles = [
        "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model",
    ]

    private func sentencePiece(
        _ configuration: TokenizerConfiguration, _ settings: JSONNode?
    ) throws -> (any Tokenizer)? {
        for name in Self.sentencePieceFiles {
            let tokenizer = try read(name) { bytes in
                let file = try SentencePieceFile(bytes)
                let layout = try known(settings) { try SentencePieceLayout.named($0, settings) }
                return try SentencePieceLoading(
                    file, layout ?? .plain, configuration, listed: NamedTokens.listed(settings)
                ).tokenizer()
            }
            if let tokenizer { return tokenizer }
        }
        return nil
    }

    private func byteLevel(
        _ configuration: TokenizerConfiguration, _ settings: JSONNode?
    ) throws -> (any Tokenizer)? {
        guard let merges = try read("merges.txt", { $0 }) else { return nil }
        return try read("vocab.json") { vocabulary in
            let kind = try known(settings, TokenizerJSON.ByteLevelKind.init) ?? .gpt2
            let file = try TokenizerJSON(
                vocabulary: vocabulary, merges: merges, kind, settings: settings)
            return try Self.tokenizer(file, configuration)
        }
    }

    private func wordPiece(
        _ configuration: TokenizerConfiguration, _ settings: JSONNode?
    ) throws -> (any Tokenizer)? {
        try read("vocab.txt") { vocabulary in
            let isMPNet = try names(settings).first.map { $0 == "MPNetTokenizer" || $0 == "mpnet" }
            let file = try TokenizerJSON(
                vocabulary: vocabulary, isMPNet: isMPNet ?? false, settings: settings)
            return try Self.tokenizer(file, configuration)
        }
    }

    /// What determines how a vocabulary is used: the class of tokenizer, and the type of model.
    private func names(_ settings: JSONNode?) throws -> [String] {
        let kind = try settings?.optional("tokenizer_class")?.string
        let type = try node("config.json")?.optional("model_type")?.string
        let base = kind.map { $0.hasSuffix("Fast") ? String($0.dropLast(4)) : $0 }
        return [base, type].compactMap { $0 }
    }

    /// Applies `find` to the names until one is known; nil if there are no names.
    private func known<T>(_ settings: JSONNode?, _ find: (String) throws -> T?) throws -> T? {
        let names = try names(settings)
        for name in names {
            if let found = try find(name) { return found }
        }
        guard let name = names.first else { return nil }
        throw TokenizerError.unsupported(
            part: "without tokenizer.json, tokenizer_class", kind: name)
    }
}
