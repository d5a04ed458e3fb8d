/// The runs of a text: those written with spaces between the words, and those written without.
///
/// Chinese, Japanese, Thai, Lao, Khmer, Burmese and similar scripts have no spaces between words;
/// Korean has spaces, but attaches its particles to the words. In these scripts only characters can
/// be found reliably.
struct ScriptRuns: Sequence, IteratorProtocol {
    struct Run: Equatable {
        /// Of the bytes.
        var range: Range<Int>
        /// The position of each character with its marks; none for runs with spaces.
        var characters: [Range<Int>]
    }

    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// - Parameter text: UTF-8; other bytes count as text with spaces.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    mutating func next() -> Run? {
        guard position < text.count else { return nil }
        let start = position
        var characters: [Range<Int>] = []
        while position < text.count {
            // Nothing below U+0800 belongs to these scripts.
            if text[position] < 0xE0 {
                if !characters.isEmpty { break }
                position += 1
                continue
            }
            let (scalar, length) = scalar()
            switch UnspacedScripts.role(of: scalar) {
            case .character:
                if characters.isEmpty, position > start { return spaced(from: start) }
                characters.append(position..<position + length)
            case .mark where !characters.isEmpty:
                characters[characters.count - 1] =
                    characters[characters.count - 1].lowerBound..<position + length
            case .joiner where !characters.isEmpty: break
            default:
                if !characters.isEmpty {
                    return Run(range: start..<position, characters: characters)
                }
            }
            position += length
        }
        return Run(range: start..<position, characters: characters)
    }

    private func spaced(from start: Int) -> Run {
        Run(range: start..<position, characters: [])
    }

    /// The scalar at the position, and its length in bytes; a byte that begins none is U+FFFD.
    private func scalar() -> (scalar: Unicode.Scalar, length: Int) {
        let lead = text[position]
        let length = UTF8Form.length(lead)
        guard length >= 3, position + length <= text.count else { return ("\u{FFFD}", 1) }
        var value = UInt32(lead) & (length == 3 ? 0x0F : 0x07)
        for byte in text[position + 1..<position + length] {
            guard byte & 0xC0 == 0x80 else { return ("\u{FFFD}", 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        return Unicode.Scalar(value).map { ($0, length) } ?? ("\u{FFFD}", 1)
    }
}

/// The scripts that are searched by characters.
enum UnspacedScripts {
    enum Role {
        case character
        /// Part of the preceding character: a vowel sign, a tone.
        case mark
        /// Shows where a line may break, or how characters join; not part of the text.
        case joiner
        case other
    }

    /// Letters and marks of these blocks, in ascending order.
    private static let blocks: [ClosedRange<UInt32>] = [
        0x0E00...0x0EFF,  // Thai, Lao
        0x1000...0x109F,  // Myanmar
        0x1100...0x11FF,  // Hangul Jamo
        0x1780...0x17FF,  // Khmer
        0x1950...0x19DF,  // Tai Le, New Tai Lue
        0x1A20...0x1AAF,  // Tai Tham
        0x1B00...0x1B7F,  // Balinese
        0x3005...0x3007, 0x3021...0x3029,  // Ideographic marks and numbers
        0x3041...0x30FF,  // Hiragana, Katakana
        0x3100...0x318F,  // Bopomofo, Hangul Compatibility Jamo
        0x31A0...0x31BF, 0x31F0...0x31FF,  // Bopomofo and Katakana extensions
        0x3400...0x4DBF, 0x4E00...0xA4CF,  // Han, Yi
        0xA960...0xA9FF,  // Hangul Jamo, Javanese, Myanmar extensions
        0xAA60...0xAADF,  // Myanmar extension, Tai Viet
        0xAC00...0xD7FF,  // Hangul
        0xF900...0xFAFF,  // Han for compatibility
        0xFF66...0xFFDC,  // Katakana and Hangul of half width
        0x1B000...0x1B16F,  // Kana supplements
        0x20000...0x323AF,  // Han extensions
    ]

    static func role(of scalar: Unicode.Scalar) -> Role {
        let value = scalar.value
        if (0x4E00...0x9FFF).contains(value) || (0xAC00...0xD7A3).contains(value) {
            return .character
        }
        if (0x200B...0x200D).contains(value) || value == 0x2060 { return .joiner }
        if (0xFE00...0xFE0F).contains(value) { return .joiner }
        guard blocks.contains(where: { $0.contains(value) }) else { return .other }
        switch scalar.properties.generalCategory {
        case .otherLetter, .modifierLetter, .letterNumber: return .character
        case .nonspacingMark, .spacingMark: return .mark
        default: return .other
        }
    }
}
