/// Text that may not be UTF-8 throughout, as runs that are and bytes that are not.
enum UTF8Runs {
    /// Calls `body` with each longest valid run of `text` and each invalid stretch between them.
    static func forEach(
        _ text: Span<UInt8>, _ body: (_ run: Range<Int>, _ isValid: Bool) throws -> Void
    ) rethrows {
        var start = 0
        while start < text.count {
            let invalid = firstInvalid(in: text, from: start)
            if start < invalid.lowerBound { try body(start..<invalid.lowerBound, true) }
            if !invalid.isEmpty { try body(invalid, false) }
            start = invalid.upperBound
        }
    }

    /// The first bytes from `start` on that are not UTF-8; an empty range at the end if all are.
    private static func firstInvalid(in text: Span<UInt8>, from start: Int) -> Range<Int> {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: text.extracting(start..<text.count))
            return text.count..<text.count
        } catch {
            return start + error.byteOffsets.lowerBound..<start + error.byteOffsets.upperBound
        }
    }

    /// The end of the character at `start`; a byte that begins no character stands alone.
    static func endOfCharacter(in text: Span<UInt8>, at start: Int) -> Int {
        let length =
            switch text[start] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        let end = start + length
        guard end <= text.count else { return start + 1 }
        for i in start + 1..<end where text[i] & 0xC0 != 0x80 { return start + 1 }
        return end
    }
}
