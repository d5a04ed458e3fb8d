/// Splits text into the words that the model sees; merges never cross their borders.
protocol PreTokenizer: Sendable {
    /// Calls `emit` with each word of `text`, in order. A word may differ from the text it came
    /// from (a space put before it); words are lent for the call.
    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws
}

/// What a pre-tokenizer knows about the text that it splits.
struct Place {
    /// Whether the text is the beginning of the whole input.
    var beginsText: Bool
    /// Whether words must record where they come from, ``WordOrigin/respelling``.
    var tracked: Bool
}

/// Receives a word, and where it comes from.
typealias WordSink = (_ word: Span<UInt8>, _ origin: WordOrigin) throws -> Void

/// One pre-tokenizer after the other: each splits the words of the previous one.
struct PreTokenizerSequence: PreTokenizer {
    let steps: [any PreTokenizer]

    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws {
        try split(text, WordOrigin(start: 0, beginsText: place.beginsText), place, from: 0, emit)
    }

    private func split(
        _ text: Span<UInt8>, _ origin: WordOrigin, _ place: Place, from step: Int,
        _ emit: WordSink
    ) throws {
        guard step < steps.count else { return try emit(text, origin) }
        let inner = Place(beginsText: origin.beginsText, tracked: place.tracked)
        try steps[step].split(text, inner) { word, next in
            try split(word, next.within(origin), place, from: step + 1, emit)
        }
    }
}

/// Puts a space before text that begins with none.
struct SpaceBefore: PreTokenizer {
    private static let prepend = Prepend(prefix: [UInt8(ascii: " ")])

    func split(_ text: Span<UInt8>, _ place: Place, _ emit: WordSink) throws {
        var origin = WordOrigin(start: 0, beginsText: place.beginsText)
        guard !text.isEmpty, text[0] != UInt8(ascii: " "),
            let spelled = Self.prepend.normalize(text, tracked: place.tracked)
        else { return try emit(text, origin) }
        origin.respelling = spelled.alignment
        try emit(spelled.bytes.span, origin)
    }
}
