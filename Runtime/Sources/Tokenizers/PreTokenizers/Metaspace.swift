/// SentencePiece's spelling of text: a space is U+2581, and the text begins with one.
struct Metaspace: PreTokenizer {
    enum PrependScheme: String {
        case always, first, never
    }

    /// U+2581, lower one eighth block.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    let replacement: [UInt8]
    let prepend: PrependScheme
    /// Whether a word ends where the next replacement begins.
    let splits: Bool

    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws {
        guard !text.isEmpty else { return }
        let spelled = respelled(text, place)
        let origin = { (start: Int) in
            WordOrigin(
                start: start, beginsText: place.beginsText && start == 0,
                respelling: spelled.alignment)
        }
        guard splits else { return try emit(spelled.bytes.span, origin(0)) }
        try forEachWord(of: spelled.bytes) {
            try emit(spelled.bytes.span.extracting($0), origin($0.lowerBound))
        }
    }

    private func respelled(_ text: Span<UInt8>, _ place: Place) -> RewrittenText {
        var result = RewrittenText(tracked: place.tracked, capacity: text.count + text.count / 2)
        let prepends = prepend == .always || prepend == .first && place.beginsText
        if prepends && text[0] != UInt8(ascii: " ") && !begins(text) {
            result.append(replacement, for: 0)
        }
        var copied = 0
        for i in text.indices where text[i] == UInt8(ascii: " ") {
            result.copy(copied..<i, of: text)
            result.append(replacement, for: i)
            copied = i + 1
        }
        result.copy(copied..<text.count, of: text)
        return result
    }

    private func begins(_ text: Span<UInt8>) -> Bool {
        text.count >= replacement.count
            && replacement.indices.allSatisfy { text[$0] == replacement[$0] }
    }

    private func forEachWord(of text: [UInt8], _ body: (Range<Int>) throws -> Void) rethrows {
        var start = 0
        var next = 0
        while next < text.count {
            if next > start && text[next...].starts(with: replacement) {
                try body(start..<next)
                start = next
            }
            next += 1
        }
        if start < text.count { try body(start..<text.count) }
    }
}

/// Splits before each space that follows something else. This changes no tokens if no token of the
/// vocabulary spans such a border, and it keeps words, and so the memory they need, small.
struct MetaspaceWords: PreTokenizer {
    /// Whether no merge can cross the borders: no token has text before a space, and the space is
    /// itself a token, so that unknown characters cannot join across it.
    static func areExact(for tokens: TokenTable, where merges: (Int) -> Bool) -> Bool {
        guard tokens.find(Metaspace.mark.span) != nil else { return false }
        return !(0..<tokens.spellings.count).contains { id in
            merges(id) && firstBorder(in: tokens.spellings[id].span, from: 0) != nil
        }
    }

    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws {
        var start = 0
        while start < text.count {
            let end = Self.firstBorder(in: text, from: start) ?? text.count
            try emit(text.extracting(start..<end), WordOrigin(start..<end, place))
            start = end
        }
    }

    /// Where the first space after something else begins.
    private static func firstBorder(in text: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        var inWord = false
        while index < text.count {
            let isSpace =
                index + 3 <= text.count && text[index] == Metaspace.mark[0]
                && text[index + 1] == Metaspace.mark[1] && text[index + 2] == Metaspace.mark[2]
            if isSpace && inWord { return index }
            inWord = !isSpace
            index += isSpace ? 3 : 1
        }
        return nil
    }
}
