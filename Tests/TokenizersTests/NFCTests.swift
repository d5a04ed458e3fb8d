import Testing
import Tokenizers

/// Normalization, seen through the byte-level vocabulary that asks for it.
@Suite struct NFCTests {
    private func normalized(_ text: [UInt8]) throws -> [UInt8] {
        let tokenizer = try Fixtures.tokenizer("bpe-qwen2")
        let ids = try tokenizer.encode(text.span, addSpecial: false, parseSpecial: false)
        return tokenizer.vocabulary.decode(ids)
    }

    @Test(arguments: [
        ("cafe\u{301}", "caf\u{E9}"),
        ("A\u{30A}", "\u{C5}"), ("\u{212B}", "\u{C5}"),  // angstrom sign
        ("a\u{323}\u{307}", "\u{1EA1}\u{307}"), ("a\u{307}\u{323}", "\u{1EA1}\u{307}"),
        ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),  // Hangul
        ("\u{958}", "\u{915}\u{93C}"),  // excluded from composition
        ("\u{FB01}", "\u{FB01}"),  // compatibility only
        ("\u{F73}", "\u{F71}\u{F72}"), ("\u{1D15E}", "\u{1D157}\u{1D165}"),
        ("plain", "plain"), ("", ""),
    ])
    func textIsComposed(text: String, composed: String) throws {
        #expect(try normalized(Array(text.utf8)) == Array(composed.utf8))
    }

    @Test func invalidBytesStayAndWhatIsAroundThemIsComposed() throws {
        let text = Array("e\u{301}".utf8) + [0xFF, 0xCC] + Array("e\u{301}".utf8)
        #expect(try normalized(text) == [0xC3, 0xA9, 0xFF, 0xCC, 0xC3, 0xA9])
    }

    /// The standard library sorts the marks of one character in quadratic time: without a bound this
    /// text takes minutes.
    @Test func endlessMarksAreSortedInPieces() throws {
        let text = "e" + String(repeating: "\u{301}\u{323}", count: 100_000)
        let result = try normalized(Array(text.utf8))
        #expect(result.starts(with: Array("\u{1EB9}\u{323}\u{323}".utf8)))
        #expect(result.count == text.utf8.count)
    }
}
