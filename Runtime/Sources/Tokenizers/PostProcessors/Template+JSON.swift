import ModelJSON

extension Template {
    /// The `post_processor` of tokenizer.json.
    init(_ node: JSONNode, idCount: Int) throws {
        self.init()
        try add(node, idCount)
    }

    private mutating func add(_ node: JSONNode, _ idCount: Int) throws {
        let kind = try node["type"].string
        switch kind {
        case "Sequence":
            for step in try node["processors"].elements { try add(step, idCount) }
        case "TemplateProcessing":
            let ids = try Self.ids(node, idCount)
            single = try Self.parts(try node["single"], ids, texts: ["A"])
            pair = try Self.parts(try node["pair"], ids, texts: ["A", "B"])
        case "BertProcessing":
            let (cls, sep) = try Self.ends(node, idCount)
            self = .bert(cls: cls, sep: sep)
        case "RobertaProcessing":
            let (cls, sep) = try Self.ends(node, idCount)
            self = .roberta(cls: cls, sep: sep)
            trimming = try OffsetTrimming(node)
        case "ByteLevel": trimming = try OffsetTrimming(node)
        default: throw TokenizerError.unsupported(part: "post-processor", kind: kind)
        }
    }

    /// The ids that a template's special tokens stand for.
    private static func ids(_ node: JSONNode, _ idCount: Int) throws -> [String: [Int32]] {
        guard let tokens = try node.optional("special_tokens") else { return [:] }
        guard case .object(let members) = tokens.json else { throw tokens.invalid("an object") }
        var ids: [String: [Int32]] = [:]
        for (name, _) in members {
            ids[name] = try tokens[name]["ids"].elements.map {
                try TokenID.checked(try $0.integer, key: $0.path, limit: idCount)
            }
        }
        return ids
    }

    /// - Parameter texts: the names of the texts that must occur, each once.
    private static func parts(
        _ node: JSONNode, _ ids: [String: [Int32]], texts: [String]
    ) throws -> [Part] {
        var parts: [Part] = []
        for element in try node.elements {
            if let special = try element.optional("SpecialToken") {
                let name = try special["id"]
                guard let ids = ids[try name.string] else {
                    throw TokenizerError.missing(key: "special_tokens.\(try name.string)")
                }
                let type = try Self.type(special)
                parts += ids.map { .special($0, type: type) }
            } else {
                let text = try element["Sequence"]
                let name = try text["id"]
                guard let index = texts.firstIndex(of: try name.string) else {
                    throw TokenizerError.invalid(
                        key: name.path, found: "'\(try name.string)'", expected: "A or B")
                }
                parts.append(.text(index, type: try Self.type(text)))
            }
        }
        let found = parts.compactMap { if case .text(let index, _) = $0 { index } else { nil } }
        guard found.sorted() == Array(texts.indices) else {
            throw TokenizerError.invalid(
                key: node.path, found: "\(found.count) texts", expected: "each text once")
        }
        return parts
    }

    private static func type(_ node: JSONNode) throws -> Int32 {
        let type = try node.optional("type_id")
        return Int32(clamping: try type?.integer ?? 0)
    }

    /// The ids of `"cls": ["<s>", 0], "sep": ["</s>", 2]`.
    private static func ends(_ node: JSONNode, _ idCount: Int) throws -> (cls: Int32, sep: Int32) {
        let id = { (pair: JSONNode) throws -> Int32 in
            guard let id = try pair.elements.last else { throw pair.invalid("a token and its id") }
            return try TokenID.checked(try id.integer, key: id.path, limit: idCount)
        }
        return (try id(try node["cls"]), try id(try node["sep"]))
    }
}

extension OffsetTrimming {
    /// - Returns: nil if offsets are left as they are.
    fileprivate init?(_ node: JSONNode) throws {
        guard try node.optional("trim_offsets")?.bool ?? true else { return nil }
        addsPrefixSpace = try node.optional("add_prefix_space")?.bool ?? true
    }
}
