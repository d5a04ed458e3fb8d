/// Excludes a token's white space from its offsets: " the" stands for "the".
struct OffsetTrimming: Sendable, Equatable {
    /// A text's first token begins with a space that is not in the text and has no width there.
    var addsPrefixSpace: Bool

    /// - Parameters:
    ///   - offsets: the code points of a token.
    ///   - spaces: how many characters of white space it begins and ends with.
    ///   - isFirst: whether it is the first of its text.
    func trimmed(
        _ offsets: Range<Int>, _ spaces: (leading: Int, trailing: Int), isFirst: Bool
    ) -> Range<Int> {
        let isOwn = !addsPrefixSpace || !(isFirst || offsets.lowerBound == 0)
        let start = min(offsets.lowerBound + (isOwn ? spaces.leading : 0), offsets.upperBound)
        guard offsets.upperBound >= spaces.trailing else { return start..<offsets.upperBound }
        return start..<max(start, offsets.upperBound - spaces.trailing)
    }

    /// The white space around part `range` of a word, which is spelled in bytes.
    static func blanks(
        around range: Range<Int>, of word: Span<UInt8>
    ) -> (leading: Int, trailing: Int) {
        var start = range.lowerBound
        var end = range.upperBound
        while start < range.upperBound, word[start] == UInt8(ascii: " ") { start += 1 }
        while end > range.lowerBound, word[end - 1] == UInt8(ascii: " ") { end -= 1 }
        return (start - range.lowerBound, range.upperBound - end)
    }

    /// The white space around an added token, some of which it may have taken with it.
    static func spaces(
        around range: Range<Int>, of text: Span<UInt8>
    ) -> (leading: Int, trailing: Int) {
        let scalars = String(decoding: Array(copying: text.extracting(range)), as: UTF8.self)
            .unicodeScalars
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        return (
            scalars.prefix(while: isSpace).count, scalars.reversed().prefix(while: isSpace).count
        )
    }
}
