import Testing
import Tokenizers

/// Words, seen through vocabularies that merge each of them into one token.
@Suite struct PreTokenizerTests {
    /// The words of `text` under a published pattern, found as the stretches that merge.
    private func words(_ text: String, pre: String?) throws -> [String] {
        var merges: [([UInt8], [UInt8])] = []
        var seen: Set<[UInt8]> = []
        let bytes = Array(text.utf8)
        for start in bytes.indices {
            for end in bytes.indices.dropFirst(start + 1) where end - start < 12 {
                let pair = (Array(bytes[start..<end]), [bytes[end]])
                if seen.insert(pair.0 + pair.1).inserted { merges.append(pair) }
            }
        }
        var file = ByteLevelVocabulary.gguf(byteMerges: merges, pre: pre)
        file.addBOS = false
        return try Tokenizers.load(gguf: file).pieces(text)
    }

    @Test func eachNameHasItsPattern() throws {
        let text = "It's 1234 OKGo\n\n!?x"
        #expect(
            try words(text, pre: "gpt-2")
                == ["It", "'s", " 1234", " OKGo", "\n", "\n", "!?", "x"])
        #expect(
            try words(text, pre: "llama-bpe")
                == ["It", "'s", " ", "123", "4", " OKGo", "\n\n", "!?", "x"])
        #expect(
            try words(text, pre: "qwen2")
                == ["It", "'s", " ", "1", "2", "3", "4", " OKGo", "\n\n", "!?", "x"])
        #expect(
            try words(text, pre: "gpt-4o")
                == ["It's", " ", "123", "4", " OKGo", "\n\n", "!?", "x"])
        #expect(
            try words("camelCase aB's/\n", pre: "tekken")
                == ["camel", "Case", " a", "B", "'s", "/\n"])
        #expect(
            try words(" 12 ab", pre: "smollm") == [" ", "1", "2", " ab"])
        #expect(
            try words("x12345今天a", pre: "deepseek-v3") == ["x", "123", "45", "今天", "a"])
    }

    @Test(arguments: [
        "gpt-2", "phi-2", "mpt", "olmo", "exaone4", "llama-bpe", "llama3", "falcon3", "lfm2",
        "dbrx",
        "smaug-bpe", "chatglm-bpe", "qwen2", "qwen35", "deepseek-r1-qwen", "stablelm2", "gpt-4o",
        "llama4", "tekken", "smollm", "starcoder", "refact", "command-r", "codeshell",
        "deepseek-v3",
        "deepseek-coder", "falcon", "default",
    ])
    func aKnownNameNeedsNoNoteAndLosesNoText(pre: String) throws {
        var file = ByteLevelVocabulary.gguf(merges: [], pre: pre)
        file.addBOS = false
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(tokenizer.notes.isEmpty)
        let text = "It's 12345 OKGo \t\n\r\n !?x 今天a — x² (y)"
        let ids = try tokenizer.encode(text, addSpecial: false, parseSpecial: false)
        #expect(tokenizer.vocabulary.decode(ids) == Array(text.utf8))
    }
}
