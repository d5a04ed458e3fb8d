import TensorRuntime

/// The tokens of several texts, one text after the other, without padding.
struct TokenBatch: Sendable {
    /// [N]
    let tokens: [Int32]
    /// [N] Which part of a pair each token belongs to: 0 or 1.
    let segments: [Int32]
    let sequences: PackedSequences

    init(_ texts: some Collection<TokenizedText>) {
        tokens = texts.flatMap(\.tokens)
        segments = texts.flatMap(\.segments)
        sequences = PackedSequences(lengths: texts.map(\.tokens.count))
    }
}

extension TokenBatch {
    /// [N] The position of each token in its text, from 0.
    var positions: [Int32] { sequences.positions }
}

/// One text, or a pair, as the network reads it.
struct TokenizedText: Sendable {
    let tokens: [Int32]
    let segments: [Int32]
    /// How many tokens at the beginning, those of a prompt, are read but excluded from the vector.
    var unpooled = 0

    /// A text that is not a pair.
    init(tokens: [Int32], unpooled: Int = 0) {
        self.tokens = tokens
        self.unpooled = unpooled
        segments = [Int32](repeating: 0, count: tokens.count)
    }

    init(tokens: [Int32], segments: [Int32]) {
        self.tokens = tokens
        self.segments = segments
    }
}
