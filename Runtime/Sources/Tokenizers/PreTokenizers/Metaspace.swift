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

    func split(_ text: Span<UInt8>, beginsText: Bool, _ emit: WordSink) throws {
        guard !text.isEmpty else { return }
        let spaces = Replace(target: [UInt8(ascii: " ")], replacement: replacement)
        var spelled = spaces.normalize(text) ?? Array(copying: text)
        if !spelled.starts(with: replacement)
            && (prepend == .always || prepend == .first && beginsText)
        {
            spelled.insert(contentsOf: replacement, at: 0)
        }
        guard splits else { return try emit(spelled.span, beginsText) }
        try forEachWord(of: spelled) { try emit(spelled.span.extracting($0), beginsText) }
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

/// Cuts before each space that follows something else. This changes no tokens where no token of the
/// vocabulary reaches across such a border, and it keeps words, and so the memory they need, small.
struct MetaspaceWords: PreTokenizer {
    /// Whether no merge can cross the borders: no token goes on with a space, and the space is itself
    /// a token, so that unknown characters cannot join across it.
    static func areExact(for tokens: TokenTable, where merges: (Int) -> Bool) -> Bool {
        guard tokens.find(Metaspace.mark.span) != nil else { return false }
        return !(0..<tokens.spellings.count).contains { id in
            merges(id) && firstBorder(in: tokens.spellings[id].span, from: 0) != nil
        }
    }

    func split(_ text: Span<UInt8>, beginsText: Bool, _ emit: WordSink) throws {
        var start = 0
        while let border = Self.firstBorder(in: text, from: start) {
            try emit(text.extracting(start..<border), beginsText && start == 0)
            start = border
        }
        if start < text.count {
            try emit(text.extracting(start..<text.count), beginsText && start == 0)
        }
    }

    /// Where the first space behind something else begins.
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
