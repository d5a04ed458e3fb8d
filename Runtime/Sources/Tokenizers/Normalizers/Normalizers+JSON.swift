/// The normalizers of tokenizer.json.
enum Normalizers {
    static func make(_ node: JSONNode) throws -> any Normalizer {
        let kind = try node["type"].string
        switch kind {
        case "Sequence":
            return NormalizerSequence(steps: try node["normalizers"].elements.map(make))
        case "NFC": return NFC()
        case "Strip":
            return Strip(
                left: try node.optional("strip_left")?.bool ?? true,
                right: try node.optional("strip_right")?.bool ?? true)
        case "Prepend": return Prepend(prefix: try node["prepend"].bytes)
        case "Replace": return try replace(node)
        default: throw TokenizerError.unsupported(part: "normalizer", kind: kind)
        }
    }

    private static func replace(_ node: JSONNode) throws -> any Normalizer {
        let replacement = try node["content"].bytes
        let pattern = try node["pattern"]
        if let text = try pattern.optional("String") {
            return Replace(target: try text.bytes, replacement: replacement)
        }
        return ReplaceMatches(
            pattern: try Pattern(try pattern["Regex"].string), replacement: replacement)
    }
}
