import FoundationEssentials
import Testing
import Tokenizers

/// The ids of the reference implementation for 73 tricky strings.
@Suite struct GoldenTests {
    static let kinds = [
        "bpe-gpt2", "bpe-llama3", "bpe-qwen2", "bpe-o200k", "bpe-roberta", "spm-bpe",
        "spm-bpe-metaspace",
    ]

    @Test(arguments: kinds)
    func tokenizerJSONGivesTheReferencesIDsAndText(kind: String) throws {
        let folder = "\(Fixtures.shared)/fixtures/tokenizers/\(kind)"
        let tokenizer = try Tokenizers.load(directory: folder)
        let golden = try Golden(folder)
        #expect(golden.cases.count == 73)
        for example in golden.cases {
            let ids = try tokenizer.reference(example.text, addSpecial: true)
            #expect(ids == example.ids, "\(example.text.debugDescription)")
            let plain = try tokenizer.reference(example.text, addSpecial: false)
            #expect(plain == example.idsWithoutSpecial, "\(example.text.debugDescription)")
            let vocabulary = tokenizer.vocabulary
            #expect(vocabulary.decode(plain) == Array(example.decoded.utf8))
            #expect(
                vocabulary.decode(ids, skippingControl: true)
                    == Array(example.decodedWithoutSpecial.utf8))
        }
    }

    @Test func sentencePieceNeverParsesControlTokens() throws {
        let tokenizer = try Tokenizers.load(
            gguf: GGUFFile("\(Fixtures.shared)/fixtures/llama-tiny/spm/model-f32.gguf").vocabulary)
        let golden = try Golden("\(Fixtures.shared)/fixtures/tokenizers/spm-bpe")
        for example in golden.cases {
            let ids = try tokenizer.encode(example.text, addSpecial: false, parseSpecial: false)
            #expect(ids == example.sentencePieceIDs, "\(example.text.debugDescription)")
        }
    }

    @Test(arguments: [
        ("base", "bpe-qwen2"), ("qwen2", "bpe-qwen2"), ("spm", "spm-bpe"),
        ("rope-llama3", "bpe-llama3"), ("tied", "bpe-gpt2"),
    ])
    func ggufGivesTheSameIDsAsTokenizerJSON(variant: String, kind: String) throws {
        let file = "\(Fixtures.shared)/fixtures/llama-tiny/\(variant)/model-f32.gguf"
        let tokenizer = try Tokenizers.load(gguf: GGUFFile(file).vocabulary)
        for example in try Golden("\(Fixtures.shared)/fixtures/tokenizers/\(kind)").cases {
            let ids = try tokenizer.reference(example.text, addSpecial: true)
            #expect(ids == example.ids, "\(example.text.debugDescription)")
            let text = tokenizer.vocabulary.decode(ids, skippingControl: true)
            #expect(text == Array(example.decodedWithoutSpecial.utf8))
        }
    }
}
