/// How the spelling of a token becomes the bytes it writes: the `decoder` of tokenizer.json.
struct PieceDecoder {
    /// Spellings are bytes already (``TokenList/spellAsBytes()``).
    var byteLevel = false
    /// Parts of a spelling that stand for something else, U+2581 for a space.
    var replacements: [Replace] = []
    /// A text's first token begins with a space that is not its own.
    var spacePrefix = false
    /// How pieces mark where words begin or end; nil if they contain their own spaces.
    var words: WordSpelling?

    /// SentencePiece's.
    static func metaspace(spacePrefix: Bool) -> PieceDecoder {
        PieceDecoder(
            replacements: [
                Replace(target: Metaspace.mark, replacement: [UInt8(ascii: " ")])
            ], spacePrefix: spacePrefix)
    }

    func pieces(_ tokens: TokenList) -> ByteStrings {
        let writesSpellings = byteLevel || replacements.isEmpty && !tokens.kinds.contains(.byte)
        if writesSpellings && words == nil { return tokens.spellings }
        var pieces = ByteStrings()
        pieces.reserveCapacity(tokens.count, bytes: tokens.spellings.bytes.count + tokens.count)
        for id in 0..<tokens.count {
            let spelling = tokens.spellings[id]
            switch tokens.kinds[id] {
            case .byte: pieces.append(TokenList.byte(spelling).map { [$0] } ?? Array(spelling))
            case .control, .unknown: pieces.append(words?.bytes(of: spelling) ?? Array(spelling))
            default: pieces.append(decoded(spelling))
            }
        }
        return pieces
    }

    private func decoded(_ spelling: ArraySlice<UInt8>) -> [UInt8] {
        let bytes = words?.bytes(of: spelling) ?? Array(spelling)
        return replacements.reduce(bytes) { $1.normalize($0.span) ?? $0 }
    }
}

extension PieceDecoder {
    init(_ node: JSONNode?) throws {
        if let node { try add(node) }
    }

    private mutating func add(_ node: JSONNode) throws {
        let kind = try node["type"].string
        switch kind {
        case "Sequence": for step in try node["decoders"].elements { try add(step) }
        case "ByteLevel": byteLevel = true
        case "Replace":
            guard let target = try node["pattern"].optional("String") else {
                throw TokenizerError.unsupported(part: "decoder", kind: "Replace with a Regex")
            }
            replacements.append(
                Replace(target: try target.bytes, replacement: try node["content"].bytes))
        case "Metaspace":
            let spelling = try MetaspaceSpelling(node)
            let space = Replace(target: spelling.mark, replacement: [UInt8(ascii: " ")])
            replacements.append(space)
            spacePrefix = spelling.prepend != .never
        case "Strip":
            let space = try node["content"].string == " "
            spacePrefix = try space && node["start"].integer > 0
        case "WordPiece":
            words = .continuation(
                try node.optional("prefix")?.bytes ?? Array("##".utf8),
                tightens: try node.optional("cleanup")?.bool ?? true)
            spacePrefix = true
        case "ByteFallback", "Fuse": break
        default: throw TokenizerError.unsupported(part: "decoder", kind: kind)
        }
    }
}

/// The settings of a Metaspace part in its older and newer forms.
struct MetaspaceSpelling {
    let mark: [UInt8]
    let prepend: Metaspace.PrependScheme
    let splits: Bool

    init(_ node: JSONNode) throws {
        mark = try node.optional("replacement")?.bytes ?? Metaspace.mark
        splits = try node.optional("split")?.bool ?? true
        if let scheme = try node.optional("prepend_scheme") {
            guard let known = Metaspace.PrependScheme(rawValue: try scheme.string) else {
                throw TokenizerError.unsupported(
                    part: scheme.path, kind: try scheme.string)
            }
            prepend = known
        } else {
            prepend = try node.optional("add_prefix_space")?.bool ?? true ? .always : .never
        }
    }
}
