/// A text partly written by somebody else, for a plugin whose tokenizer cannot be told so.
///
/// If a control token would be found in such a part, or across its end, the part is tokenized
/// separately, so that it never becomes one. A text without such a place stays whole and keeps its
/// ids.
struct MixedText {
    struct Piece: Equatable {
        let text: String
        /// Whether its control tokens are plain characters.
        let isPlain: Bool
    }

    private(set) var pieces: [Piece] = []

    /// - Parameter plain: ranges of the text's UTF-8, which ascend and lie apart.
    init(_ text: String, plain: [Range<Int>], _ vocabulary: Vocabulary) {
        let bytes = Array(text.utf8)
        let spellings = ControlSpellings(vocabulary)
        var done = 0
        for range in plain where spellings.touch(range, of: bytes) {
            append(bytes[done..<range.lowerBound], isPlain: false)
            append(bytes[range], isPlain: true)
            done = range.upperBound
        }
        append(bytes[done...], isPlain: false)
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, isPlain: Bool) {
        guard !bytes.isEmpty else { return }
        pieces.append(Piece(text: String(decoding: bytes, as: UTF8.self), isPlain: isPlain))
    }
}

/// How the control tokens of a vocabulary are spelled.
private struct ControlSpellings {
    /// By their first byte.
    private var spellings = [[ArraySlice<UInt8>]](repeating: [], count: 256)
    private var longest = 0

    init(_ vocabulary: Vocabulary) {
        for token in vocabulary.controlTokens {
            // Pieces that begin words are written with a space that is not theirs.
            let spelling = vocabulary.piece(token).drop { $0 == UInt8(ascii: " ") }
            guard let first = spelling.first else { continue }
            spellings[Int(first)].append(ArraySlice(spelling))
            longest = max(longest, spelling.count)
        }
    }

    /// Whether one occurs in the text with a byte of `range`.
    func touch(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        let first = max(0, range.lowerBound - longest + 1)
        return (first..<range.upperBound).contains { start in
            spellings[Int(text[start])].contains { spelling in
                start + spelling.count > range.lowerBound
                    && text[start...].starts(with: spelling)
            }
        }
    }
}
