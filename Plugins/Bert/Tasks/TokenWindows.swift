import Tokenizers

/// A text split into overlapping windows of tokens, so that each token is read in some window with
/// neighbours on both sides.
///
///     window 0:  [CLS] a b c d e f [SEP]
///     window 1:          [CLS] d e f g h i [SEP]
///     kept:            a b c d|e f g h i
struct TokenWindows {
    let texts: [TokenizedText]
    /// For each window, which of its tokens count, and their position in the whole text.
    let kept: [(inWindow: Range<Int>, inText: Range<Int>)]

    /// - Parameters:
    ///   - text: of any length, with the tokens that the template adds.
    ///   - most: the tokens of a window, including those.
    ///   - overlap: how many tokens two windows share; they share fewer if there is no room.
    init(_ text: Encoding, most: Int, overlap: Int) {
        let body = text.body
        let added = text.count - body.count
        let size = max(1, most - added)
        let ranges = Self.ranges(body.count, size: size, overlap: min(overlap, size / 2))
        texts = ranges.map { range in
            let inner = body.lowerBound + range.lowerBound..<body.lowerBound + range.upperBound
            let places = Array(0..<body.lowerBound) + inner + (body.upperBound..<text.count)
            return TokenizedText(
                tokens: places.map { text.ids[$0] }, segments: places.map { text.typeIDs[$0] })
        }
        kept = ranges.indices.map { index in
            let range = ranges[index]
            let start = index == 0 ? 0 : Self.middle(ranges[index - 1], range)
            let end =
                index == ranges.count - 1 ? body.count : Self.middle(range, ranges[index + 1])
            let shift = body.lowerBound - range.lowerBound
            return (
                start + shift..<end + shift, body.lowerBound + start..<body.lowerBound + end
            )
        }
    }

    private static func ranges(_ count: Int, size: Int, overlap: Int) -> [Range<Int>] {
        var ranges = [0..<min(size, count)]
        while let last = ranges.last, last.upperBound < count {
            let start = last.upperBound - overlap
            ranges.append(start..<min(start + size, count))
        }
        return ranges
    }

    /// Where the first of two overlapping windows hands over to the second.
    private static func middle(_ first: Range<Int>, _ second: Range<Int>) -> Int {
        (first.upperBound + second.lowerBound) / 2
    }
}

extension Encoding {
    /// The tokens between those that the template adds.
    fileprivate var body: Range<Int> {
        guard let first = specialTokens.firstIndex(of: false),
            let last = specialTokens.lastIndex(of: false)
        else {
            let middle = (count + 1) / 2
            return middle..<middle
        }
        return first..<last + 1
    }
}
