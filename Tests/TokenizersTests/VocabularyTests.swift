import FoundationEssentials
import Testing
import Tokenizers

@Suite struct VocabularyTests {
    @Test func piecesAreTheBytesATokenWrites() throws {
        let sentencePiece = try Fixtures.tokenizer("spm-bpe").vocabulary
        #expect(Array(sentencePiece.piece(3 + 0xAB)) == [0xAB])
        #expect(sentencePiece.attributes[3 + 0xAB] == .byte)
        #expect(Array(sentencePiece.piece(259)) == Array("  ".utf8))
        #expect(Array(sentencePiece.piece(1)) == Array("<s>".utf8))
        #expect(sentencePiece.attributes[1] == .control)
        #expect(sentencePiece.spacePrefix && sentencePiece.addsBOS && !sentencePiece.addsEOS)
        let byteLevel = try Fixtures.tokenizer("bpe-qwen2").vocabulary
        #expect(Array(byteLevel.piece(197)) == Array("\t".utf8))
        #expect(Array(byteLevel.piece(1016)) == Array("<tool_call>".utf8))
        #expect(byteLevel.attributes[1016] == [])
        #expect(!byteLevel.spacePrefix && !byteLevel.addsBOS)
    }

    @Test func aPieceOutsideTheVocabularyIsEmpty() throws {
        let vocabulary = try Fixtures.tokenizer("bpe-gpt2").vocabulary
        for id in [-1, 1001, .max, .min] as [Int32] { #expect(vocabulary.piece(id).isEmpty) }
        #expect(vocabulary.decode([-1, 64, .max]) == vocabulary.decode([64]))
    }

    @Test func endsOfTurnAreKnownByNameAndByConfiguration() throws {
        let qwen = try Fixtures.tokenizer("bpe-qwen2").vocabulary
        #expect(qwen.eos == 1015 && qwen.pad == 1013 && qwen.bos == nil && qwen.eot == nil)
        #expect(ends(qwen) == [1013, 1015])
        #expect(qwen.attributes[1015] == [.control, .end])
        let llama = try Fixtures.tokenizer("bpe-llama3").vocabulary
        #expect(llama.bos == 1016 && llama.eos == 1020 && llama.addsBOS)
        #expect(ends(llama) == [1017, 1020])
    }

    @Test func generationConfigurationAddsEnds() throws {
        let file = try String(
            decoding: Fixtures.data("\(Fixtures.own)/bpe-llama3/tokenizer.json"), as: UTF8.self)
        let configuration = #"{"eos_token_id": [1018, 1020, 99999], "bos_token_id": 1016}"#
        let tokenizer = try Fixtures.withDirectory(
            ["tokenizer.json": file, "generation_config.json": configuration]
        ) { try Tokenizers.load(directory: $0) }
        #expect(ends(tokenizer.vocabulary) == [1017, 1018, 1020])
        #expect(tokenizer.vocabulary.eos == 1018 && tokenizer.vocabulary.bos == 1016)
        #expect(tokenizer.notes.count == 1)
    }

    @Test func harmonysEndOfMessageDoesNotEndTheAnswer() throws {
        let file = ByteLevelVocabulary.gguf(merges: [], control: ["<|end|>", "<|return|>"])
        #expect(ends(try Tokenizers.load(gguf: file).vocabulary) == [257])
        let phi = ByteLevelVocabulary.gguf(merges: [], control: ["<|end|>", "<|user|>"])
        #expect(ends(try Tokenizers.load(gguf: phi).vocabulary) == [256])
    }

    @Test func rowsWithoutATokenAreUnused() throws {
        let vocabulary = try Fixtures.tokenizer("bpe-qwen2").vocabulary
        let wider = vocabulary.resized(to: 1024)
        #expect(wider.count == 1024 && wider.pieces.count == 1024)
        #expect(wider.attributes[1018...].allSatisfy { $0 == .unused })
        #expect(wider.piece(1023).isEmpty && wider.piece(1016) == vocabulary.piece(1016))
        let narrower = vocabulary.resized(to: 1015)
        #expect(narrower.count == 1015 && narrower.pieces.offsets.count == 1016)
        #expect(Int(narrower.pieces.offsets[1015]) == narrower.pieces.bytes.count)
    }

    private func ends(_ vocabulary: TokenizerVocabulary) -> [Int] {
        vocabulary.attributes.indices.filter { vocabulary.attributes[$0].contains(.end) }
    }
}
