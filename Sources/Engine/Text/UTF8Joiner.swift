/// Turns a stream of bytes into text without ever cutting a character.
///
/// Bytes that may still become a character wait for the rest; bytes that cannot are U+FFFD, as many
/// as decoding the whole stream at once would give.
struct UTF8Joiner: Sendable {
    private var pending: [UInt8] = []

    mutating func append(_ bytes: some Collection<UInt8>) -> String {
        pending += bytes
        let complete = pending.count - Self.unfinished(pending)
        let text = String(decoding: pending[..<complete], as: UTF8.self)
        pending.removeFirst(complete)
        return text
    }

    /// The end of the stream: what still waits is invalid.
    mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end are the beginning of a character and not all of it.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 == 0x80 { continue }
            let second = length > 1 ? bytes[bytes.count - length + 1] : nil
            return isPrefix(lead: lead, second: second, length: length) ? length : 0
        }
        return 0
    }

    /// Whether the bytes begin a well-formed sequence (Unicode 15, table 3-7) that is longer.
    private static func isPrefix(lead: UInt8, second: UInt8?, length: Int) -> Bool {
        let (total, range): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (1, 0x80...0xBF)
            }
        return length < total && second.map(range.contains) ?? true
    }
}
