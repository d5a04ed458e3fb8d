/// A text that is being rewritten from a source, and where its bytes come from.
struct RewrittenText {
    private(set) var bytes: [UInt8] = []
    /// Nil if not requested.
    private(set) var alignment: Alignment?

    /// - Parameter tracked: whether ``alignment`` is kept.
    init(tracked: Bool, capacity: Int = 0) {
        alignment = tracked ? Alignment() : nil
        bytes.reserveCapacity(capacity)
    }

    /// Appends bytes of the source as they are.
    mutating func copy(_ range: Range<Int>, of source: Span<UInt8>) {
        guard !range.isEmpty else { return }
        bytes.append(copying: source.extracting(range))
        alignment?.append(range.count, from: range.lowerBound, copied: true)
    }

    /// Appends bytes of the source, ASCII capitals in lower case.
    mutating func copyLowercased(_ range: Range<Int>, of source: Span<UInt8>) {
        let start = bytes.count
        copy(range, of: source)
        bytes.withUnsafeMutableBufferPointer { bytes in
            for i in start..<bytes.count {
                bytes[i] |= bytes[i] &- UInt8(ascii: "A") < 26 ? 0x20 : 0
            }
        }
    }

    /// Appends bytes that each stand for one byte of the source, which begin at `source`.
    @inline(__always)
    mutating func append(_ count: Int, from source: Int, _ byte: (Int) -> UInt8) {
        for i in 0..<count { bytes.append(byte(i)) }
        alignment?.append(count, from: source, copied: true)
    }

    /// Appends bytes that all stand for the character at `source`.
    mutating func append(_ new: some Collection<UInt8>, for source: Int) {
        bytes.append(contentsOf: new)
        alignment?.append(new.count, from: source, copied: false)
    }

    /// Appends the replacement of one source character. One that keeps its length counts as copied.
    mutating func replace(_ character: Range<Int>, by new: some Collection<UInt8>) {
        bytes.append(contentsOf: new)
        alignment?.append(
            new.count, from: character.lowerBound, copied: new.count == character.count)
    }

    mutating func removeLast(_ count: Int) {
        bytes.removeLast(count)
        alignment?.truncate(to: bytes.count)
    }

    /// The same bytes as a rewriting of what `first` was rewritten from.
    func composed(over first: RewrittenText) -> RewrittenText {
        var result = self
        if let alignment, let before = first.alignment {
            result.alignment = alignment.composed(over: before)
        }
        return result
    }
}
