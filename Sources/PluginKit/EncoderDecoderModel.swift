/// A model that reads one text and writes another: `roost.text.encode/1` beside tokens and decode.
public protocol EncoderDecoderModel: TextModel where Context: EncodeContext {
    /// The token that every sequence of the decoder begins with; it never changes.
    var decoderStart: Int32 { get }
}

/// Sequences that each attend to a source text, which is encoded before they begin.
///
/// The kit ensures that `forward` is called only for sequences with a memory. `clear` forgets the
/// memory too, `truncate` keeps it, and `fork` makes the destination share it, whatever the length.
public protocol EncodeContext: DecodeContext {
    /// Whether a source has been encoded for a sequence.
    func hasSource(_ sequence: Int) -> Bool

    /// Encodes a source as the memory of a sequence, which is empty and has none. The sequence still
    /// has no positions afterwards.
    ///
    /// - Parameter tokens: at least one, all in the vocabulary, as `tokenize` gives them with
    ///   `addSpecial`.
    /// - Throws: the sequence is then without a memory as before.
    func encode(_ tokens: [Int32], for sequence: Int, call: Call) throws
}

/// An encoder-decoder's description of its source texts.
public struct SourceInfo: Sendable {
    /// The longest source, special tokens included. Where positions are relative it is the length of
    /// the training, and longer sources are taken.
    public var maxTokens: Int?
    /// The prefix of every source.
    public var prefix: String?

    public init(maxTokens: Int? = nil, prefix: String? = nil) {
        self.maxTokens = maxTokens
        self.prefix = prefix
    }
}

extension SourceInfo {
    func write(to object: inout JSONObjectWriter) {
        object.add("max_tokens", maxTokens)
        object.add("source_prefix", prefix)
    }
}
