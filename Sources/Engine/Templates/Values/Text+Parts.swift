/// Python's ways to split a text.
extension Jinja.Text {
    func stripped(
        left: Bool = true, right: Bool = true,
        _ isStripped: (Unicode.Scalar) -> Bool = \.isPythonSpace
    ) -> Jinja.Text {
        let scalars = unicodeScalars
        var start = scalars.startIndex
        var end = scalars.endIndex
        while left, start < end, isStripped(scalars[start]) {
            start = scalars.index(after: start)
        }
        while right, start < end {
            let last = scalars.index(before: end)
            guard isStripped(scalars[last]) else { break }
            end = last
        }
        return self[start..<end]
    }

    /// The text without this many bytes at its start and end.
    func dropping(_ start: Int, _ end: Int) -> Jinja.Text { self[start..<utf8.count - end] }

    /// The parts between `ranges` of the UTF-8, which do not overlap and go from left to right.
    func parts(between ranges: [Range<Int>]) -> [Jinja.Text] {
        var parts: [Jinja.Text] = []
        var start = 0
        for range in ranges {
            parts.append(self[start..<range.lowerBound])
            start = range.upperBound
        }
        parts.append(self[start..<utf8.count])
        return parts
    }

    /// The characters in reverse.
    var reversed: Jinja.Text {
        parts.reversed().map { part in
            Jinja.Text(String(part.unicodeScalars.reversed()), part.origin)
        }.joined()
    }

    /// Python's `str.splitlines`.
    func lines(keepingEnds: Bool = false) -> [Jinja.Text] {
        var lines: [Jinja.Text] = []
        let scalars = unicodeScalars
        var start = scalars.startIndex
        var index = start
        while index < scalars.endIndex {
            let end = index
            let scalar = scalars[index]
            index = scalars.index(after: index)
            guard scalar.endsLine else { continue }
            if scalar == "\r", index < scalars.endIndex, scalars[index] == "\n" {
                index = scalars.index(after: index)
            }
            lines.append(self[start..<(keepingEnds ? index : end)])
            start = index
        }
        if start < scalars.endIndex { lines.append(self[start..<scalars.endIndex]) }
        return lines
    }

    /// The text cut at white space, at most `limit` times from the left.
    func words(atMost limit: Int) -> [Jinja.Text] {
        let scalars = unicodeScalars
        var words: [Jinja.Text] = []
        var index = scalars.startIndex
        while true {
            index = scalars[index...].firstIndex { !$0.isPythonSpace } ?? scalars.endIndex
            guard index < scalars.endIndex else { return words }
            guard words.count < limit else { return words + [self[index..<scalars.endIndex]] }
            let end = scalars[index...].firstIndex(where: \.isPythonSpace) ?? scalars.endIndex
            words.append(self[index..<end])
            index = end
        }
    }

    /// The text cut at white space, at most `limit` times from the right.
    func wordsFromEnd(atMost limit: Int) -> [Jinja.Text] {
        let scalars = unicodeScalars
        var words: [Jinja.Text] = []
        var end = scalars.endIndex
        while true {
            guard let last = scalars[..<end].lastIndex(where: { !$0.isPythonSpace }) else { break }
            end = scalars.index(after: last)
            guard words.count < limit else {
                words.append(self[scalars.startIndex..<end])
                break
            }
            let blank = scalars[..<end].lastIndex(where: \.isPythonSpace)
            let start = blank.map { scalars.index(after: $0) } ?? scalars.startIndex
            words.append(self[start..<end])
            end = start
        }
        return words.reversed()
    }
}
