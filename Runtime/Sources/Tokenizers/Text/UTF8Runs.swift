/// Splits text that may not be valid UTF-8 into valid runs and invalid bytes.
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

    /// The end of the character at `start`; a byte that begins no character is separate.
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

    /// The character at `start`; nil at the end, and for a byte that begins none.
    static func scalar(
        at start: Int, in text: Span<UInt8>
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        guard start < text.count else { return nil }
        if text[start] < 0x80 { return (Unicode.Scalar(text[start]), 1) }
        let length = endOfCharacter(in: text, at: start) - start
        guard length > 1 else { return nil }
        var value = UInt32(text[start]) & (0x7F >> UInt32(length))
        for i in start + 1..<start + length { value = value << 6 | UInt32(text[i] & 0x3F) }
        // Overlong encodings are not UTF-8.
        guard let scalar = Unicode.Scalar(value), UTF8.width(scalar) == length else { return nil }
        return (scalar, length)
    }

    /// The character that ends before `end`.
    static func scalar(
        before end: Int, in text: Span<UInt8>
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        var start = end - 1
        while start > 0 && end - start < 4 && text[start] & 0xC0 == 0x80 { start -= 1 }
        guard start >= 0, let found = scalar(at: start, in: text), start + found.length == end
        else { return nil }
        return found
    }
}
