enum UTF8Form {
    /// The length of the character that begins with `lead`; 0 if none does.
    static func length(_ lead: UInt8) -> Int {
        switch lead {
        case 0x00...0x7F: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }
}

enum Windows1252 {
    /// The characters 0x80 to 0x9F stand for; the five without one are C1 controls, as in HTML.
    private static let upper: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013,
        0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]

    static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 8)
        for byte in bytes {
            guard byte >= 0x80 else {
                text.append(byte)
                continue
            }
            let scalar = byte < 0xA0 ? upper[Int(byte) - 0x80] : UInt16(byte)
            text += UTF8.encode(Unicode.Scalar(scalar)!)!
        }
        return text
    }
}

/// Turns UTF-16 into UTF-8; half a surrogate pair becomes U+FFFD.
struct UTF16Decoder {
    let isBigEndian: Bool
    /// How many bytes the last call used; the rest must be passed again with more.
    private(set) var consumed = 0

    init(isBigEndian: Bool) {
        self.isBigEndian = isBigEndian
    }

    mutating func utf8(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        for index in stride(from: 0, to: bytes.count - 1, by: 2) {
            let (high, low) =
                isBigEndian
                ? (bytes[index], bytes[index + 1]) : (bytes[index + 1], bytes[index])
            units.append(UInt16(high) << 8 | UInt16(low))
        }
        if !isLast, let last = units.last, UTF16.isLeadSurrogate(last) { units.removeLast() }
        consumed = isLast ? bytes.count : 2 * units.count
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }
}
