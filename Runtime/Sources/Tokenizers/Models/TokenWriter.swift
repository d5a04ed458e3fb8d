/// Collects the tokens of one word after the other, and which bytes of its word each stands for.
struct TokenWriter {
    private(set) var ids: [Int32] = []
    /// Kept only on request.
    private(set) var ranges: [Range<Int>] = []
    let keepsRanges: Bool

    init(keepingRanges: Bool) { keepsRanges = keepingRanges }

    var count: Int { ids.count }

    @inline(__always)
    mutating func append(_ id: Int32, _ range: Range<Int>) {
        ids.append(id)
        if keepsRanges { ranges.append(range) }
    }

    /// Ids that stand for no part of a word.
    mutating func append(_ ids: [Int32]) {
        for id in ids { append(id, 0..<0) }
    }

    /// Extends the last token to byte `end`.
    mutating func extendLast(to end: Int) {
        guard let last = ranges.popLast() else { return }
        ranges.append(last.lowerBound..<end)
    }

    mutating func removeLast(_ count: Int) {
        ids.removeLast(count)
        if keepsRanges { ranges.removeLast(count) }
    }

    /// Replaces ranges of words, from token `start` on, with ranges of the original text.
    mutating func mapRanges(
        from start: Int, _ body: (_ token: Int, _ range: Range<Int>) -> Range<Int>
    ) {
        guard keepsRanges else { return }
        for token in start..<ranges.count { ranges[token] = body(token, ranges[token]) }
    }
}
