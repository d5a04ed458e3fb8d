import Foundation
import Testing
@_spi(Testing) import Tokenizers

/// The ways of cutting words that `tokenizer.ggml.pre` of a GGUF file names.
@Suite struct PublishedPreTokenizerTests {
    private struct Golden: Decodable {
        struct Kind: Decodable {
            let names: [String]
            /// For each text the lengths of its words in bytes.
            let cuts: [String]
        }

        let texts: [String]
        let kinds: [Kind]
    }

    private static func golden() throws -> Golden {
        try JSONDecoder().decode(
            Golden.self, from: Fixtures.data("\(Fixtures.own)/patterns/pre-tokenizers.json"))
    }

    @Test func everyNameCutsAsThePublishedTokenizerDoes() throws {
        let golden = try Self.golden()
        #expect(golden.texts.count >= 25)
        for kind in golden.kinds {
            for name in kind.names {
                var file = ByteLevelVocabulary.gguf(merges: [], control: ["<s>"], pre: name)
                (file.bos, file.separator) = (256, 256)
                let tokenizer = try Tokenizers.load(gguf: file)
                #expect(tokenizer.notes == [])
                let stages = try #require(tokenizer as? any StageShowing)
                for (text, cuts) in zip(golden.texts, kind.cuts) {
                    let lengths = try stages.words(ofNormalized: Array(text.utf8)).map {
                        "\($0.count)"
                    }
                    #expect(
                        lengths.joined(separator: " ") == cuts,
                        "\(name): \(text.debugDescription)")
                }
            }
        }
    }

    /// llama.cpp's 91; `gpt2` and `o200k` are other names of two of them.
    @Test func allPublishedNamesAreKnown() throws {
        let tested = try Self.golden().kinds.flatMap(\.names) + ["gpt2", "o200k", "whitespace"]
        #expect(GGUFVocabulary.preTokenizers == tested.sorted())
        #expect(tested.count == 93)
    }

    @Test func anUnknownNameIsRefusedWithItsKey() {
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizers.load(gguf: ByteLevelVocabulary.gguf(merges: [], pre: "llama-9"))
        }
        #expect(error == .unknownPreTokenizer("llama-9"))
        #expect(error?.description.contains("'tokenizer.ggml.pre' is 'llama-9'") == true)
    }

    @Test func aMissingNameIsNoted() throws {
        let tokenizer = try Tokenizers.load(gguf: ByteLevelVocabulary.gguf(merges: [], pre: nil))
        #expect(tokenizer.notes.count == 1)
        #expect(tokenizer.notes.first?.contains("'tokenizer.ggml.pre' is missing") == true)
    }

    /// The flags that llama.cpp sets by name.
    @Test(arguments: [
        ("jina-v5-nano", true, true), ("chameleon", true, false), ("glm5", false, true),
        ("glm4", false, false), ("youtu", false, true), ("minicpm5", false, true),
        ("granite-embed-multi-97m", false, true), ("tekken", true, true),
        ("seed-coder", false, false), ("kimi-k2", false, false),
    ])
    func namesImplyBOSAndWholeWords(pre: String, addsBOS: Bool, ignoresMerges: Bool) throws {
        // Merges lead to "ab" and "abc", never to "xyz".
        var file = ByteLevelVocabulary.gguf(merges: [("a", "b")], control: ["<s>"], pre: pre)
        file.bos = 257
        file.tokens.append("xyz".utf8)
        file.types?.append(1)
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(tokenizer.vocabulary.addsBOS == addsBOS)
        #expect(try tokenizer.pieces("xyz") == (ignoresMerges ? ["xyz"] : ["x", "y", "z"]))
    }
}

/// Byte pairs of plain characters.
@Suite struct CharacterPairsTests {
    private static func file(_ model: String, pre: String?) -> GGUFVocabulary {
        let bytes = (0...255).map { String(format: "<0x%02X>", $0) }
        let words = [
            "<bos>", "\u{2581}", "a", "b", "é", "\n", "ab", "\u{2581}a", "\u{2581}ab", "\n\n",
        ]
        var file = GGUFVocabulary(model: model, tokens: ByteStrings(bytes + words))
        file.types = bytes.map { _ in 6 } + [3] + words.dropFirst().map { _ in 1 }
        file.merges = ByteStrings(["a b", "\u{2581} ab", "\u{2581} a"])
        file.pre = pre
        file.bos = 256
        return file
    }

    @Test(arguments: [
        ("gemma4", nil), ("gpt2", "gemma4"), ("gpt2", "granite-embed-multi-311m"),
    ])
    func gemmaSpellsSpacesAsMarksAndKeepsRunsOfLineFeeds(model: String, pre: String?) throws {
        var file = Self.file(model, pre: pre)
        file.addBOS = false
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(try tokenizer.pieces("ab ab\n\nb") == ["ab", " ab", "\n\n", "b"])
        #expect(try tokenizer.pieces("aéü") == ["a", "é", "\u{FFFD}", "\u{FFFD}"])
        let text = "ab ü\n\n\nb "
        let ids = try tokenizer.encode(text, addSpecial: false, parseSpecial: false)
        #expect(tokenizer.vocabulary.decode(ids) == Array(text.utf8))
        // Its files say in error that none is added.
        #expect(tokenizer.vocabulary.addsBOS)
    }

    @Test func sarvamDoesNotKeepRunsOfLineFeeds() throws {
        let tokenizer = try Tokenizers.load(gguf: Self.file("gpt2", pre: "sarvam-moe"))
        #expect(try tokenizer.pieces("\n\n ab") == ["\n", "\n", " ab"])
        #expect(!tokenizer.vocabulary.addsBOS)
    }

    @Test func whiteSpaceIsLeftOutWhereItOnlyPartsWords() throws {
        var file = Self.file("whitespace", pre: "whitespace")
        file.lowercases = true
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(try tokenizer.pieces(" AB \u{3000}b\ta") == ["ab", "b", "a"])
    }
}
