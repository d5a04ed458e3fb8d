import PluginHost

extension Vocabulary {
    /// The text of a whole sequence of tokens; control tokens are not shown.
    ///
    /// A vocabulary with a space prefix (SentencePiece) writes a space before every word, the first
    /// one too: that one is not part of the text.
    func text(of tokens: [Int32]) -> String {
        let shown = tokens.filter { !attributes(of: $0).contains(.control) }
        var bytes = shown.flatMap { piece($0) }
        if spacePrefix, bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The tokens that end a generation.
    var endTokens: Set<Int32> {
        let marked = (0..<Int32(count)).filter { attributes(of: $0).contains(.end) }
        return Set(marked + [eos, eot].compactMap { $0 })
    }

    /// The tokens that must never be sampled.
    var unusedTokens: [Int32] {
        (0..<Int32(count)).filter { attributes(of: $0).contains(.unused) }
    }
}
