import Testing
import Tokenizers

@Suite struct AddedTokenTests {
    /// A vocabulary of single bytes and the added tokens, which have ids from 256 on.
    private func tokenizer(_ added: [String], normalizer: String = "null") throws -> any Tokenizer {
        let vocabulary = ByteLevelVocabulary.alphabet.enumerated().map { id, spelling in
            "\(spelling == "\"" || spelling == "\\" ? "\"\\\(spelling)\"" : "\"\(spelling)\""): \(id)"
        }.joined(separator: ",")
        let tokens = added.enumerated().map { "{\"id\": \(256 + $0), \($1)}" }
        let file = """
            {"added_tokens": [\(tokens.joined(separator: ","))], "normalizer": \(normalizer),
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "model": {"type": "BPE", "vocab": {\(vocabulary)}, "merges": []}}
            """
        return try Fixtures.withDirectory(["tokenizer.json": file]) {
            try Tokenizers.load(directory: $0)
        }
    }

    /// The ids from 256 on, and a dot for each byte.
    private func marks(_ tokenizer: any Tokenizer, _ text: String, parse: Bool = true) throws
        -> String
    {
        try tokenizer.encode(text, addSpecial: false, parseSpecial: parse)
            .map { $0 < 256 ? "." : "\($0 - 256)" }.joined()
    }

    @Test func ofTokensThatBeginTogetherTheLongestIsFound() throws {
        let tokenizer = try tokenizer([
            #""content": "<a""#, #""content": "<abc>""#, #""content": "c>""#,
        ])
        #expect(try marks(tokenizer, "x<abc>y") == ".1.")
        #expect(try marks(tokenizer, "<abc") == "0..")
        #expect(try marks(tokenizer, "<abbc>") == "0..2")
    }

    @Test func onlySpecialTokensNeedParsing() throws {
        let tokenizer = try tokenizer([
            #""content": "<s>", "special": true"#, #""content": "<t>", "special": false"#,
        ])
        #expect(try marks(tokenizer, "<s><t>") == "01")
        #expect(try marks(tokenizer, "<s><t>", parse: false) == "...1")
        #expect(tokenizer.vocabulary.attributes[256] == .control)
        #expect(tokenizer.vocabulary.attributes[257] == [])
    }

    @Test func stripTakesTheWhiteSpaceAround() throws {
        let left = try tokenizer([#""content": "<m>", "special": true, "lstrip": true"#])
        #expect(try marks(left, "a \u{3000}\n<m> b") == ".0..")
        #expect(try marks(left, " <m> <m>") == "00")
        let right = try tokenizer([#""content": "<m>", "special": true, "rstrip": true"#])
        #expect(try marks(right, "a <m> \u{A0}<m> ") == "..00")
    }

    @Test func aSingleWordIsFoundOnlyAlone() throws {
        let tokenizer = try tokenizer([#""content": "ab", "special": true, "single_word": true"#])
        #expect(try marks(tokenizer, "ab") == "0")
        #expect(try marks(tokenizer, "-ab-") == ".0.")
        let within = "abc _ab éab abé"
        #expect(
            try marks(tokenizer, within) == String(repeating: ".", count: within.utf8.count))
    }

    @Test func normalizedTokensAreFoundBehindTheNormalizer() throws {
        let composed = #"{"type": "NFC"}"#
        let tokenizer = try tokenizer(
            [
                #""content": "é", "normalized": true"#, #""content": "è", "normalized": false"#,
            ], normalizer: composed)
        #expect(try marks(tokenizer, "e\u{301}") == "0")
        #expect(try marks(tokenizer, "e\u{300}") == "..")
        #expect(try marks(tokenizer, "è") == "1")
    }
}
