/// The normalizers of tokenizer.json.
enum Normalizers {
    static func make(_ node: JSONNode) throws -> any Normalizer {
        let kind = try node["type"].string
        switch kind {
        case "Sequence":
            return NormalizerSequence(steps: try node["normalizers"].elements.map(make))
        case "NFC": return CanonicalForm(composes: true)
        case "NFD": return CanonicalForm(composes: false)
        case "NFKC": return NormalizerSequence.compatibilityForm(composes: true)
        case "NFKD": return NormalizerSequence.compatibilityForm(composes: false)
        case "Lowercase": return Lowercase()
        case "StripAccents": return StripAccents()
        case "Strip":
            return Strip(
                left: try node.optional("strip_left")?.bool ?? true,
                right: try node.optional("strip_right")?.bool ?? true)
        case "Prepend": return Prepend(prefix: try bounded(node["prepend"]))
        case "Replace": return try replace(node)
        case "BertNormalizer": return try bert(node)
        case "Precompiled": return try characterMap(node)
        default: throw TokenizerError.unsupported(part: "normalizer", kind: kind)
        }
    }

    private static func replace(_ node: JSONNode) throws -> any Normalizer {
        let replacement = try bounded(try node["content"])
        let pattern = try node["pattern"]
        if let text = try pattern.optional("String") {
            return Replace(target: try text.bytes, replacement: replacement)
        }
        return ReplaceMatches(
            pattern: try Pattern(try pattern["Regex"].string), replacement: replacement)
    }

    /// The longest text that a normalizer may insert: limits how much a text can grow.
    private static func bounded(_ node: JSONNode) throws -> [UInt8] {
        let bytes = try node.bytes
        guard bytes.count <= AddedTokens.longestContent else {
            throw TokenizerError.invalid(
                key: node.path, found: "\(bytes.count) bytes long",
                expected: "at most \(AddedTokens.longestContent)")
        }
        return bytes
    }

    private static func bert(_ node: JSONNode) throws -> any Normalizer {
        let lowercases = try node.optional("lowercase")?.bool ?? true
        return BertNormalizer(
            cleans: try node.optional("clean_text")?.bool ?? true,
            separatesIdeographs: try node.optional("handle_chinese_chars")?.bool ?? true,
            stripsAccents: try node.optional("strip_accents")?.bool ?? lowercases,
            lowercases: lowercases)
    }

    private static func characterMap(_ node: JSONNode) throws -> any Normalizer {
        // A map without entries is written as null.
        guard let map = try node.optional("precompiled_charsmap") else {
            return NormalizerSequence(steps: [])
        }
        guard let bytes = Base64.decode(try map.string.utf8) else {
            throw map.invalid("Base64")
        }
        return try CharacterMap(bytes, key: map.path)
    }
}
