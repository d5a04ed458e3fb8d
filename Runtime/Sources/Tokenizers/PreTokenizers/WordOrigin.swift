/// Where a word comes from in the text that was split.
struct WordOrigin {
    /// The first byte of the word in the text, or in its respelling.
    var start: Int
    /// Whether the word begins the whole input.
    var beginsText: Bool
    /// Words may be split from a respelling of a part of the text.
    var respelling: Alignment?
    /// Where that part begins.
    var base = 0
}

extension WordOrigin {
    /// For a word that occurs in the text as it is.
    init(_ range: Range<Int>, _ place: Place) {
        self.init(start: range.lowerBound, beginsText: place.beginsText && range.lowerBound == 0)
    }

    /// The origin of a part of the word.
    func moved(_ range: Range<Int>) -> WordOrigin {
        WordOrigin(
            start: start + range.lowerBound, beginsText: beginsText && range.lowerBound == 0,
            respelling: respelling, base: base)
    }

    /// The origin of a word that was split from `outer`, in the text from which `outer` was split.
    func within(_ outer: WordOrigin) -> WordOrigin {
        guard let respelling else {
            return WordOrigin(
                start: outer.start + base + start, beginsText: beginsText,
                respelling: outer.respelling, base: outer.base)
        }
        guard let before = outer.respelling else {
            return WordOrigin(
                start: start, beginsText: beginsText, respelling: respelling,
                base: outer.base + outer.start + base)
        }
        return WordOrigin(
            start: start, beginsText: beginsText,
            respelling: respelling.composed(over: before, from: outer.start + base),
            base: outer.base)
    }

    /// Looks up where the bytes of the word come from.
    struct Source {
        private let start: Int
        private let base: Int
        private var reader: Alignment.Reader?

        fileprivate init(_ origin: WordOrigin) {
            start = origin.start
            base = origin.base
            reader = origin.respelling.map(Alignment.Reader.init)
        }

        /// The byte of the text from which byte `byte` of the word comes.
        mutating func byte(_ byte: Int) -> Int {
            base + (reader?.source(of: start + byte) ?? start + byte)
        }
    }

    func source() -> Source { Source(self) }

    /// The bytes of the text from which bytes `range` of the word come.
    func range(of range: Range<Int>) -> Range<Int> {
        var source = source()
        let first = source.byte(range.lowerBound)
        return first..<max(first, source.byte(range.upperBound - 1)) + 1
    }
}
