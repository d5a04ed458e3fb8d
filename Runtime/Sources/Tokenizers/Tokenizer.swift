/// Text to token ids and back, as one model was trained on it.
///
/// Text is bytes. They should be UTF-8; other bytes are kept as they are: they become byte tokens,
/// so that a byte-level vocabulary reproduces every input unchanged.
public protocol Tokenizer: Sendable {
    /// What every id writes, and which ids are more than text.
    var vocabulary: TokenizerVocabulary { get }

    /// What loading had to assume, in sentences for a log; empty for a file that says everything.
    var notes: [String] { get }

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - addSpecial: whether the ids that the model's own tokenizer puts around a text (bos, eos)
    ///     are added.
    ///   - parseSpecial: whether "<|im_end|>" in the text is that token; otherwise it is ten plain
    ///     characters, which is right for everything a user wrote. So are tokens that a chat template
    ///     writes though their file does not call them special ("<tool_call>"). Other added tokens, such
    ///     as runs of blanks, are recognised either way.
    ///   - plain: the bytes written by somebody else, in ranges that ascend and do not overlap:
    ///     `parseSpecial` finds no special token that includes one of them. They are no borders: a
    ///     text that spells no special token has the same ids without them.
    /// - Throws: ``TokenizerError/matching(pattern:reason:)`` when the vocabulary's own pattern gives
    ///   up on the text; never for published patterns.
    func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool, plain: [Range<Int>]
    ) throws -> [Int32]

    /// What the model's own tokenizer puts around a text, and around the two of a pair.
    var template: Template { get }

    /// The ids of a text and where each comes from, without what the template adds.
    ///
    /// - Throws: as ``encode(_:addSpecial:parseSpecial:plain:)``.
    func encode(_ text: String, parseSpecial: Bool) throws -> Encoding
}

extension Tokenizer {
    /// The ids of a text.
    public func encode(
        _ text: String, addSpecial: Bool, parseSpecial: Bool, plain: [Range<Int>] = []
    ) throws -> [Int32] {
        try encode(
            text.utf8.span, addSpecial: addSpecial, parseSpecial: parseSpecial, plain: plain)
    }

    /// The ids of a text with a single author.
    public func encode(
        _ text: Span<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> [Int32] {
        try encode(text, addSpecial: addSpecial, parseSpecial: parseSpecial, plain: [])
    }

    /// The ids of borrowed bytes.
    public func encode(
        _ text: UnsafeBufferPointer<UInt8>, addSpecial: Bool, parseSpecial: Bool
    ) throws -> [Int32] {
        try encode(text.span, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }
}
