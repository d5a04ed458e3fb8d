import Testing
import Tokenizers

@Suite struct RoundTripTests {
    /// Stretches of every kind of byte: ASCII, characters of two to four bytes, halves of them, noise.
    private static func text(_ random: inout Random) -> [UInt8] {
        (0..<Int.random(in: 0...20, using: &random)).flatMap { _ -> [UInt8] in
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return Array("word's 123\n\n  x".utf8)
            case 1: return Array("é今👧🏽\u{301}".utf8)
            case 2: return Array("今👧".utf8.dropLast())
            case 3: return [0xC0, 0x80, 0xED, 0xA0, 0x80, 0xFF]
            default:
                let count = Int.random(in: 1...8, using: &random)
                return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
        }
    }

    @Test(arguments: ["bpe-gpt2", "bpe-llama3", "bpe-o200k", "bpe-roberta"])
    func aByteLevelVocabularyGivesAnyBytesBack(kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        var random = Random(7)
        for _ in 0..<500 {
            let text = Self.text(&random)
            let ids = try tokenizer.encode(text.span, addSpecial: false, parseSpecial: false)
            #expect(tokenizer.vocabulary.decode(ids) == text)
        }
    }

    @Test(arguments: ["spm-bpe", "spm-bpe-metaspace"])
    func byteFallbackGivesAnyBytesBack(kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        var random = Random(8)
        for _ in 0..<500 {
            // Metaspace puts no space before text that begins with one, and so cannot give it back.
            let text = [UInt8(ascii: "x")] + Self.text(&random)
            let ids = try tokenizer.encode(text.span, addSpecial: false, parseSpecial: false)
            #expect(tokenizer.vocabulary.decode(ids) == text)
        }
    }

    @Test func invalidBytesBecomeByteTokens() throws {
        let tokenizer = try Fixtures.tokenizer("spm-bpe")
        let text: [UInt8] = [0xFF, 0xE4, 0xBB]
        let ids = try tokenizer.encode(text.span, addSpecial: false, parseSpecial: false)
        #expect(ids.dropFirst().elementsEqual(text.map { 3 + Int32($0) }))
    }
}
