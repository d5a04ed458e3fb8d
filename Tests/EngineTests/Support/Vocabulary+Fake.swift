import PluginHost

extension Vocabulary {
    init(
        pieces: [[UInt8]], attributes: [Int32: TokenAttributes] = [:], bos: Int32? = nil,
        eos: Int32? = nil, spacePrefix: Bool = false
    ) {
        var offsets: [UInt32] = [0]
        for piece in pieces { offsets.append(offsets[offsets.count - 1] + UInt32(piece.count)) }
        self.init(
            bytes: pieces.flatMap { $0 }, offsets: offsets,
            attributes: pieces.indices.map { attributes[Int32($0)] ?? [] }, bos: bos, eos: eos,
            spacePrefix: spacePrefix)
    }

    /// 64 visible characters from "0" on; the model never ends by itself.
    static let letters = Vocabulary(pieces: (48..<112).map { [UInt8($0)] })

    /// The 256 bytes, then `<s>` (256, control) and `</s>` (257, control and end).
    static let bytes = Vocabulary(
        pieces: (0..<256).map { [UInt8($0)] } + [Array("<s>".utf8), Array("</s>".utf8)],
        attributes: [256: .control, 257: [.control, .end]], bos: 256, eos: 257)
}
