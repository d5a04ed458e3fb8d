/// Where each byte of a rewritten text comes from: runs of bytes that were copied, and of bytes
/// that together stand for one character.
///
/// Text that is mostly copied, as most text is, needs few runs.
struct Alignment: Sendable {
    private struct Run {
        /// Where it begins in the rewritten text.
        var start: Int
        /// The source of its first byte.
        var source: Int
        /// Byte i of the run comes from byte i after `source`; otherwise all come from the character
        /// at `source`.
        var copies: Bool
    }

    private var runs: [Run] = []
    /// The bytes of the rewritten text.
    private(set) var count = 0

    /// Whether every byte was copied from its own place.
    var isIdentity: Bool {
        runs.isEmpty || runs.count == 1 && runs[0].copies && runs[0].source == 0
    }

    mutating func append(_ count: Int, from source: Int, copied: Bool) {
        guard count > 0 else { return }
        defer { self.count += count }
        if let last = runs.last, last.copies == copied,
            source == (copied ? last.source + self.count - last.start : last.source)
        {
            return
        }
        runs.append(Run(start: self.count, source: source, copies: copied))
    }

    /// Keeps the first `count` bytes.
    mutating func truncate(to count: Int) {
        while let last = runs.last, last.start >= count { runs.removeLast() }
        self.count = min(self.count, count)
    }

    private func end(of run: Int) -> Int {
        run + 1 < runs.count ? runs[run + 1].start : count
    }

    /// The combined effect of `self` and the earlier rewriting `first`, where `self` rewrote the
    /// text that begins at byte `offset` of the result of `first`.
    func composed(over first: Alignment, from offset: Int = 0) -> Alignment {
        var result = Alignment()
        var reader = Reader(first)
        for (index, run) in runs.enumerated() {
            let count = end(of: index) - run.start
            if run.copies {
                reader.forEachRun(in: run.source + offset..<run.source + offset + count) {
                    result.append($0, from: $1, copied: $2)
                }
            } else {
                result.append(count, from: reader.source(of: run.source + offset), copied: false)
            }
        }
        return result
    }

    /// Looks up bytes; cheap if each is near the previous one.
    struct Reader {
        private let alignment: Alignment
        private var run = 0

        init(_ alignment: Alignment) { self.alignment = alignment }

        mutating func source(of byte: Int) -> Int {
            seek(byte)
            let run = alignment.runs[self.run]
            return run.copies ? run.source + byte - run.start : run.source
        }

        fileprivate mutating func forEachRun(
            in bytes: Range<Int>, _ body: (_ count: Int, _ source: Int, _ copied: Bool) -> Void
        ) {
            var start = bytes.lowerBound
            while start < bytes.upperBound {
                let source = source(of: start)
                let end = min(bytes.upperBound, alignment.end(of: run))
                body(end - start, source, alignment.runs[run].copies)
                start = end
            }
        }

        private mutating func seek(_ byte: Int) {
            if contains(byte) { return }
            run += 1
            if run < alignment.runs.count && contains(byte) { return }
            var low = 0
            var high = alignment.runs.count
            while high - low > 1 {
                let middle = (low + high) / 2
                if byte < alignment.runs[middle].start { high = middle } else { low = middle }
            }
            run = low
        }

        private func contains(_ byte: Int) -> Bool {
            byte >= alignment.runs[run].start && byte < alignment.end(of: run)
        }
    }
}
