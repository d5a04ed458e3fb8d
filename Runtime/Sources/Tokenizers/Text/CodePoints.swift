/// Counts the code points of a text up to any byte; cheap if each byte is near the previous one.
struct CodePointCounter {
    private var byte = 0
    /// Code points that begin before `byte`.
    private var count = 0

    /// The code points to which bytes `bytes` of `text` belong.
    mutating func range(_ bytes: Range<Int>, in text: Span<UInt8>) -> Range<Int> {
        guard !bytes.isEmpty else { return 0..<0 }
        return begun(before: bytes.lowerBound + 1, in: text)
            - 1..<begun(
                before: bytes.upperBound, in: text)
    }

    private mutating func begun(before end: Int, in text: Span<UInt8>) -> Int {
        if byte < end {
            for i in byte..<end where text[i] & 0xC0 != 0x80 { count += 1 }
        } else {
            for i in end..<byte where text[i] & 0xC0 != 0x80 { count -= 1 }
        }
        byte = end
        return count
    }
}
