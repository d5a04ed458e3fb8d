/// Cuts text into the words that the model sees; merges never cross their borders.
protocol PreTokenizer: Sendable {
    /// Calls `emit` with each word of `text`, in order. A word may differ from the text it came from
    /// (a space put before it); words are lent for the call.
    ///
    /// - Parameter beginsText: whether `text` is the beginning of the whole input.
    func split(_ text: Span<UInt8>, beginsText: Bool, _ emit: WordSink) throws
}

/// Receives a word, and whether it begins the whole input.
typealias WordSink = (_ word: Span<UInt8>, _ beginsText: Bool) throws -> Void

/// One pre-tokenizer after the other: each cuts the words of the one before.
struct PreTokenizerSequence: PreTokenizer {
    let steps: [any PreTokenizer]

    func split(_ text: Span<UInt8>, beginsText: Bool, _ emit: WordSink) throws {
        try split(text, beginsText: beginsText, from: 0, emit)
    }

    private func split(
        _ text: Span<UInt8>, beginsText: Bool, from step: Int, _ emit: WordSink
    ) throws {
        guard step < steps.count else { return try emit(text, beginsText) }
        try steps[step].split(text, beginsText: beginsText) { word, beginsText in
            try split(word, beginsText: beginsText, from: step + 1, emit)
        }
    }
}

/// Puts a space before text that begins with none.
struct SpaceBefore: PreTokenizer {
    func split(_ text: Span<UInt8>, beginsText: Bool, _ emit: WordSink) throws {
        guard let first = text.isEmpty ? nil : text[0], first != UInt8(ascii: " ") else {
            return try emit(text, beginsText)
        }
        try emit(([UInt8(ascii: " ")] + Array(copying: text)).span, beginsText)
    }
}
