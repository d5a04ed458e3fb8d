/// Turns text of an unknown encoding into UTF-8.
///
/// A byte order mark decides; else many zero bytes mean UTF-16. If the first bytes beyond ASCII are
/// not UTF-8, the text is Windows-1252, which includes Latin-1's letters. In text that is mostly
/// UTF-8, invalid bytes stay as they are, and the reader refuses their row.
struct Transcoder: Sendable {
    enum Encoding: Sendable, Equatable {
        case utf8
        case windows1252
        case utf16(isBigEndian: Bool)
    }

    private enum State: Sendable {
        /// Nothing has been read.
        case start
        /// UTF-8 or an 8-bit encoding: so far all is ASCII.
        case ascii
        case decided(Encoding)
    }

    private var state = State.start
    /// Bytes that wait for more: at the start, before the decision; later, half of a UTF-16
    /// surrogate pair.
    private var held: [UInt8] = []

    /// How many bytes are inspected before the decision, if there are so many.
    private static let sample = 4096

    var encoding: Encoding? {
        switch state {
        case .start: nil
        case .ascii: .utf8
        case .decided(let encoding): encoding
        }
    }

    mutating func decode(_ bytes: [UInt8]) -> [UInt8] {
        if case .decided(.utf8) = state { return bytes }
        held += bytes
        return decode(isLast: false)
    }

    mutating func finish() -> [UInt8] {
        decode(isLast: true)
    }

    private mutating func decode(isLast: Bool) -> [UInt8] {
        if case .start = state {
            guard held.count >= Self.sample || isLast else { return [] }
            takeMark()
        }
        if case .ascii = state { return decodeASCII(isLast: isLast) }
        guard case .decided(let encoding) = state else { return [] }
        return decode(encoding, isLast: isLast)
    }

    /// Looks for a byte order mark and for the zero bytes of UTF-16.
    private mutating func takeMark() {
        if held.starts(with: [0xEF, 0xBB, 0xBF]) {
            held.removeFirst(3)
            state = .decided(.utf8)
        } else if held.starts(with: [0xFF, 0xFE]) || held.starts(with: [0xFE, 0xFF]) {
            state = .decided(.utf16(isBigEndian: held[0] == 0xFE))
            held.removeFirst(2)
        } else if let isBigEndian = Self.isBigEndianUTF16(held.prefix(Self.sample)) {
            state = .decided(.utf16(isBigEndian: isBigEndian))
        } else {
            state = .ascii
        }
    }

    /// Whether text is UTF-16, by its mark or its zeros.
    static func isUTF16(_ sample: ArraySlice<UInt8>) -> Bool {
        sample.starts(with: [0xFF, 0xFE]) || sample.starts(with: [0xFE, 0xFF])
            || isBigEndianUTF16(sample) != nil
    }

    /// In UTF-16 of western text every other byte is zero, always on the same side.
    private static func isBigEndianUTF16(_ sample: ArraySlice<UInt8>) -> Bool? {
        guard sample.count >= 4 else { return nil }
        var zeros = (even: 0, odd: 0)
        for (index, byte) in sample.enumerated() where byte == 0 {
            if index % 2 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
        }
        let many = sample.count / 5
        if zeros.odd > many, zeros.even * 8 < zeros.odd { return false }
        if zeros.even > many, zeros.odd * 8 < zeros.even { return true }
        return nil
    }

    private mutating func decodeASCII(isLast: Bool) -> [UInt8] {
        let plain = held.firstIndex { $0 >= 0x80 } ?? held.count
        let rest = held[plain...]
        guard !rest.isEmpty else { return takeHeld() }
        guard rest.count >= Self.sample || isLast else {
            defer { held.removeFirst(plain) }
            return Array(held[..<plain])
        }
        state = .decided(Self.isUTF8(rest.prefix(Self.sample)) ? .utf8 : .windows1252)
        return decode(isLast: isLast)
    }

    /// Whether a sample, which may end within a character, is UTF-8 but for a few stray bytes.
    private static func isUTF8(_ sample: ArraySlice<UInt8>) -> Bool {
        var good = 0
        var bad = 0
        var rest = sample
        while let lead = rest.popFirst() {
            let length = UTF8Form.length(lead)
            guard length != 1 else { continue }
            let tail = rest.prefix(max(0, length - 1))
            if length > 1, tail.allSatisfy({ $0 & 0xC0 == 0x80 }) {
                rest = rest.dropFirst(tail.count)
                good += 1
            } else {
                bad += 1
            }
        }
        return bad == 0 || good >= 8 * bad
    }

    private mutating func decode(_ encoding: Encoding, isLast: Bool) -> [UInt8] {
        switch encoding {
        case .utf8: return takeHeld()
        case .windows1252: return Windows1252.utf8(takeHeld())
        case .utf16(let isBigEndian):
            var decoder = UTF16Decoder(isBigEndian: isBigEndian)
            let text = decoder.utf8(held, isLast: isLast)
            held.removeFirst(decoder.consumed)
            return text
        }
    }

    private mutating func takeHeld() -> [UInt8] {
        defer { held = [] }
        return held
    }
}
