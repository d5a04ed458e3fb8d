import Tokenizers

/// A byte-level vocabulary that a test writes down: the 256 bytes, then the merges' tokens.
struct ByteLevelVocabulary {
    /// The character that stands for each byte.
    static let alphabet: [String] = {
        var next: UInt32 = 0x100
        return (UInt32(0)...255).map { byte in
            let isPrintable =
                switch byte {
                case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: true;
                default: false
                }
            if isPrintable { return String(Unicode.Scalar(byte)!) }
            defer { next += 1 }
            return String(Unicode.Scalar(next)!)
        }
    }()

    private static func spelled(_ bytes: [UInt8]) -> String {
        bytes.map { alphabet[Int($0)] }.joined()
    }

    /// - Parameters:
    ///   - merges: pairs of plain text, the best first.
    ///   - control: tokens behind all others.
    static func gguf(
        merges: [(String, String)], control: [String] = [], pre: String? = "gpt-2"
    ) -> GGUFVocabulary {
        gguf(
            byteMerges: merges.map { (Array($0.0.utf8), Array($0.1.utf8)) }, control: control,
            pre: pre)
    }

    static func gguf(
        byteMerges merges: [([UInt8], [UInt8])], control: [String] = [], pre: String? = "gpt-2"
    ) -> GGUFVocabulary {
        let merged = merges.map { spelled($0.0 + $0.1) }
        var vocabulary = GGUFVocabulary(
            model: "gpt2", tokens: ByteStrings(alphabet + merged + control))
        vocabulary.types =
            [Int32](repeating: 1, count: 256 + merged.count) + control.map { _ in 3 }
        vocabulary.merges = ByteStrings(merges.map { "\(spelled($0.0)) \(spelled($0.1))" })
        vocabulary.pre = pre
        return vocabulary
    }
}

extension Tokenizer {
    /// The text of each token of `text`.
    func pieces(_ text: String, parseSpecial: Bool = true) throws -> [String] {
        try encode(text, addSpecial: false, parseSpecial: parseSpecial).map {
            String(decoding: vocabulary.piece($0), as: UTF8.self)
        }
    }
}
