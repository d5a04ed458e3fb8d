public import PluginKit
public import Tokenizers

extension Vocabulary {
    /// What a tokenizer says of its tokens.
    public init(_ other: TokenizerVocabulary) {
        self.init(
            bytes: other.pieces.bytes, offsets: other.pieces.offsets,
            attributes: other.attributes.map { Attributes(rawValue: $0.rawValue) })
        bos = other.bos
        eos = other.eos
        eot = other.eot
        pad = other.pad
        spacePrefix = other.spacePrefix
    }
}
