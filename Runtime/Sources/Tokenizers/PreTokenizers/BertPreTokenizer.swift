/// BERT's words: the text between white space, with each punctuation character separate.
struct BertPreTokenizer: PreTokenizer {
    private enum Kind: UInt8 {
        case word, space, punctuation, longer
    }

    /// The kind of each byte; ``Kind/longer`` if it depends on the following bytes.
    private static let kinds: [Kind] = (0...255).map { (byte: UInt8) in
        switch byte {
        case 0x09...0x0D, 0x20: .space
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: .punctuation
        case 0x80...: .longer
        default: .word
        }
    }

    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws {
        var start = 0
        var index = 0
        let kinds = Self.kinds
        while index < text.count {
            var kind = kinds[Int(text[index])]
            var length = 1
            if kind == .longer { (kind, length) = Self.character(at: index, of: text) }
            if kind != .word {
                if start < index { try Self.emit(start..<index, of: text, place, emit) }
                start = index + length
                if kind == .punctuation {
                    try Self.emit(index..<start, of: text, place, emit)
                }
            }
            index += length
        }
        if start < index { try Self.emit(start..<index, of: text, place, emit) }
    }

    private static func emit(
        _ word: Range<Int>, of text: Span<UInt8>, _ place: Place, _ emit: WordSink
    ) throws {
        try emit(text.extracting(word), WordOrigin(word, place))
    }

    private static func character(
        at index: Int, of text: Span<UInt8>
    ) -> (kind: Kind, length: Int) {
        guard let (scalar, length) = UTF8Runs.scalar(at: index, in: text) else {
            return (.word, 1)
        }
        switch BertCharacters.border(scalar) {
        case .none: return (.word, length)
        case .space: return (.space, length)
        case .punctuation: return (.punctuation, length)
        }
    }
}
