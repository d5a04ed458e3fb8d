import ModelJSON

/// A `tokenizer.json` as it is read: the large tables flat, the rest as trees.
struct TokenizerJSON {
    var addedTokens: [AddedToken] = []
    var normalizer: JSONNode?
    var preTokenizer: JSONNode?
    var postProcessor: JSONNode?
    var decoder: JSONNode?
    var model = Model()

    struct Model {
        /// The spellings in the order of the file, and the id of each.
        var tokens = ByteStrings()
        var ids: [Int] = []
        /// The score of each id, where tokens have scores.
        var scores: [Double] = []
        /// Two strings for each merge: left and right.
        var merges = ByteStrings()
        /// Everything but the tables.
        var options = JSONNode(.object([]), at: "model")
    }

    init(_ bytes: [UInt8]) throws {
        try TokenizerError.readingJSON(bytes) { reader in
            try reader.object { reader, key in
                switch key {
                case "added_tokens": addedTokens = try Self.addedTokens(&reader)
                case "normalizer": normalizer = try Self.part(key, &reader)
                case "pre_tokenizer": preTokenizer = try Self.part(key, &reader)
                case "post_processor": postProcessor = try Self.part(key, &reader)
                case "decoder": decoder = try Self.part(key, &reader)
                case "model": model = try Model(&reader)
                default: try reader.skip()
                }
            }
        }
    }

    /// - Returns: nil for null.
    private static func part(_ key: String, _ reader: inout JSONReader) throws -> JSONNode? {
        let json = try reader.value()
        if case .null = json { return nil }
        return JSONNode(json, at: key)
    }

    private static func addedTokens(_ reader: inout JSONReader) throws -> [AddedToken] {
        guard let list = try part("added_tokens", &reader) else { return [] }
        return try list.elements.map(AddedToken.init)
    }
}

extension TokenizerJSON.Model {
    fileprivate init(_ reader: inout JSONReader) throws {
        var members: [(key: String, value: JSON)] = []
        try reader.object { reader, key in
            switch key {
            case "vocab" where reader.peek() == UInt8(ascii: "{"): try readVocabulary(&reader)
            case "vocab" where reader.peek() == UInt8(ascii: "["): try readScored(&reader)
            case "merges": try readMerges(&reader)
            default: members.append((key, try reader.value()))
            }
        }
        options = JSONNode(.object(members), at: "model")
    }

    /// Tokens are written as `"piece": 7`.
    mutating func readVocabulary(_ reader: inout JSONReader) throws {
        try reader.members { reader in
            try reader.key(into: &tokens)
            ids.append(try reader.integer())
        }
    }

    /// Tokens are written as `["piece", -1.5]`, in the order of their ids.
    private mutating func readScored(_ reader: inout JSONReader) throws {
        try reader.array { reader in
            try reader.expect(UInt8(ascii: "["))
            try reader.string(into: &tokens)
            try reader.expect(UInt8(ascii: ","))
            scores.append(try reader.double())
            try reader.expect(UInt8(ascii: "]"))
            ids.append(ids.count)
        }
    }

    /// Merges are written as `["left", "right"]`, or in older files as `"left right"`.
    private mutating func readMerges(_ reader: inout JSONReader) throws {
        var lines = ByteStrings()
        try reader.array { reader in
            if reader.peek() == UInt8(ascii: "[") {
                let count = merges.count
                try reader.array { try $0.string(into: &merges) }
                guard merges.count == count + 2 else { throw reader.unexpected("a pair before it") }
            } else {
                try reader.string(into: &lines)
                guard lines.withSpan(lines.count - 1, { merges.appendPair($0) }) else {
                    throw reader.unexpected("a pair before it")
                }
            }
        }
    }
}

extension TokenizerJSON.Model {
    /// The kind of model, which older files omit.
    var kind: String {
        get throws {
            if let kind = try options.optional("type") { return try kind.string }
            if !scores.isEmpty { return "Unigram" }
            let hasPrefix = try options.optional("continuing_subword_prefix") != nil
            return merges.isEmpty && hasPrefix ? "WordPiece" : "BPE"
        }
    }
}

extension ByteStrings {
    /// Appends both halves of "left right".
    ///
    /// - Returns: whether there are two.
    mutating func appendPair(_ line: Span<UInt8>) -> Bool {
        guard let space = line.indices.first(where: { line[$0] == UInt8(ascii: " ") }), space > 0
        else { return false }
        let right = space + 1..<line.count
        guard !right.isEmpty, right.allSatisfy({ line[$0] != UInt8(ascii: " ") }) else {
            return false
        }
        append(line.extracting(0..<space))
        append(line.extracting(right))
        return true
    }
}

extension AddedToken {
    fileprivate init(_ node: JSONNode) throws {
        let id = try node["id"]
        try self.init(node, id: try TokenID.checked(try id.integer, key: id.path))
    }

    /// - Throws: if it is too long to be searched for.
    func checkLength(_ key: String) throws {
        guard content.count <= AddedTokens.longestContent else {
            throw TokenizerError.invalid(
                key: key, found: "\(content.count) bytes long",
                expected: "at most \(AddedTokens.longestContent)")
        }
    }

    init(_ node: JSONNode, id: Int32) throws {
        self.init(id: id, content: try node["content"].bytes)
        try checkLength("\(node.path).content")
        special = try node.optional("special")?.bool ?? false
        singleWord = try node.optional("single_word")?.bool ?? false
        leftStrip = try node.optional("lstrip")?.bool ?? false
        rightStrip = try node.optional("rstrip")?.bool ?? false
        normalized = try node.optional("normalized")?.bool ?? !special
    }
}

/// The bounds of token ids.
enum TokenID {
    /// Far more ids than any published vocabulary has; limits what a hostile file can allocate.
    static let limit = 1 << 22

    static func checked(_ id: Int, key: String, limit: Int = limit) throws -> Int32 {
        guard (0..<limit).contains(id) else {
            throw TokenizerError.idOutOfRange(key: key, id: id, limit: limit)
        }
        return Int32(id)
    }
}
