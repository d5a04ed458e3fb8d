extension Template {
    /// The `post_processor` of tokenizer.json, as far as it concerns a single text.
    init(_ node: JSONNode, idCount: Int) throws {
        let kind = try node["type"].string
        switch kind {
        case "Sequence":
            for step in try node["processors"].elements {
                let inner = try Template(step, idCount: idCount)
                prefix = inner.prefix + prefix
                suffix += inner.suffix
            }
        case "TemplateProcessing":
            try addTemplate(node, idCount)
        case "RobertaProcessing", "BertProcessing":
            prefix = [try Self.id(ofPair: try node["cls"], idCount)]
            suffix = [try Self.id(ofPair: try node["sep"], idCount)]
        case "ByteLevel": break
        default: throw TokenizerError.unsupported(part: "post-processor", kind: kind)
        }
    }

    private mutating func addTemplate(_ node: JSONNode, _ idCount: Int) throws {
        var seenText = false
        for part in try node["single"].elements {
            guard let special = try part.optional("SpecialToken") else {
                seenText = true
                continue
            }
            let name = try special["id"].string
            let ids = try node["special_tokens"][name]["ids"].elements.map {
                try TokenID.checked(try $0.integer, key: $0.path, limit: idCount)
            }
            if seenText { suffix += ids } else { prefix += ids }
        }
    }

    /// The id of `["</s>", 2]`.
    private static func id(ofPair node: JSONNode, _ idCount: Int) throws -> Int32 {
        guard let id = try node.elements.last else { throw node.invalid("a token and its id") }
        return try TokenID.checked(try id.integer, key: id.path, limit: idCount)
    }
}
