public import PluginKit
public import Tokenizers

extension Vocabulary {
    /// The tokenizer's description of its tokens.
    public init(_ other: TokenizerVocabulary) {
        self.init(
            bytes: other.pieces.bytes, offsets: other.pieces.offsets,
            attributes: other.attributes.map(TokenAttributes.init))
        bos = other.bos
        eos = other.eos
        eot = other.eot
        pad = other.pad
        spacePrefix = other.spacePrefix
    }
}

extension TokenAttributes {
    /// The same by name: the tokenizers know nothing of the boundary's bits.
    fileprivate init(_ other: TokenizerVocabulary.Attributes) {
        self = []
        if other.contains(.control) { insert(.control) }
        if other.contains(.end) { insert(.end) }
        if other.contains(.byte) { insert(.byte) }
        if other.contains(.unused) { insert(.unused) }
    }
}
