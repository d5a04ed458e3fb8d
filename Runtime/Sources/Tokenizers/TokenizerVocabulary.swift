/// What every token id writes, and what it means.
public struct TokenizerVocabulary: Sendable {
    /// What an id means beyond the bytes it writes.
    public struct Attributes: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// Never shown: `<s>`, `<|im_start|>`.
        public static let control = Attributes(rawValue: 1)
        /// Ends a generation: `</s>`, `<|im_end|>`.
        public static let end = Attributes(rawValue: 2)
        /// A single byte of the byte fallback.
        public static let byte = Attributes(rawValue: 4)
        /// Not a token: never to be sampled.
        public static let unused = Attributes(rawValue: 8)
    }

    /// The exact bytes that each id writes; a control token "writes" its name.
    public internal(set) var pieces: ByteStrings
    /// One entry for each id.
    public internal(set) var attributes: [Attributes]
    /// The token that begins a text.
    public internal(set) var bos: Int32?
    /// The token that ends a text.
    public internal(set) var eos: Int32?
    /// The token that ends one turn of a conversation, if it is not `eos`.
    public internal(set) var eot: Int32?
    /// The token that fills unused places of a batch.
    public internal(set) var pad: Int32?
    /// A text's first token begins with a space that is not part of the text.
    public internal(set) var spacePrefix: Bool
    /// A text's last token ends with a space that is not part of the text.
    var spaceSuffix = false
    /// Whether `addSpecial` puts `bos` before the text.
    public internal(set) var addsBOS: Bool
    /// Whether `addSpecial` puts `eos` after the text.
    public internal(set) var addsEOS: Bool

    public var count: Int { attributes.count }

    /// The bytes that `id` writes; nothing for an id outside the vocabulary.
    public func piece(_ id: Int32) -> ArraySlice<UInt8> {
        attributes.indices.contains(Int(id)) ? pieces[Int(id)] : []
    }

    /// The bytes that `ids` write as one text.
    ///
    /// - Parameter skippingControl: whether control tokens write nothing.
    public func decode(_ ids: some Sequence<Int32>, skippingControl: Bool = false) -> [UInt8] {
        var text: [UInt8] = []
        for id in ids where attributes.indices.contains(Int(id)) {
            if skippingControl && attributes[Int(id)].contains(.control) { continue }
            text.append(contentsOf: pieces[Int(id)])
        }
        if spacePrefix && text.first == UInt8(ascii: " ") { text.removeFirst() }
        if spaceSuffix && text.last == UInt8(ascii: " ") { text.removeLast() }
        return text
    }

    /// The same vocabulary for a model with `rows` rows of logits: rows without a token are unused,
    /// and tokens without a row are left out, because the model can neither read nor write them.
    public func resized(to rows: Int) -> TokenizerVocabulary {
        var copy = self
        let kept = min(rows, count)
        copy.attributes = Array(attributes[..<kept])
        copy.attributes += [Attributes](repeating: .unused, count: rows - kept)
        copy.pieces = pieces.resized(to: rows)
        return copy
    }
}
