import FoundationEssentials
import TestFixtures
import Testing
@_spi(Testing) import Tokenizers

/// What the reference implementation makes of 73 tricky strings.
@Suite struct GoldenTests {
    static let kinds = [
        "bpe-gpt2", "bpe-llama3", "bpe-qwen2", "bpe-o200k", "bpe-roberta", "spm-bpe",
        "spm-bpe-metaspace", "wordpiece-uncased", "wordpiece-cased", "unigram", "clip",
    ]

    @Test(arguments: kinds)
    func tokenizerJSONGivesTheReferencesIDsAndText(kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let golden = try Golden(kind)
        #expect(golden.cases.count >= 73)
        #expect(tokenizer.notes == [])
        for example in golden.cases {
            let ids = try tokenizer.reference(example.text, addSpecial: true)
            #expect(ids == example.ids, "\(example.text.debugDescription)")
            #expect(
                tokenizer.vocabulary.text(ids, skippingControl: true)
                    == example.decodedWithoutSpecial)
            guard let idsWithoutSpecial = example.idsWithoutSpecial else { continue }
            let plain = try tokenizer.reference(example.text, addSpecial: false)
            #expect(plain == idsWithoutSpecial, "\(example.text.debugDescription)")
            #expect(tokenizer.vocabulary.text(plain) == example.decoded)
        }
    }

    @Test(arguments: kinds.dropLast())
    func offsetsAreTheReferencesCodePoints(kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        for example in try Golden(kind).cases {
            let encoding = try tokenizer.encode(example.text, maxLength: nil, addSpecial: true)
            #expect(encoding.ids == example.ids, "\(example.text.debugDescription)")
            let offsets = encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] }
            #expect(offsets == example.offsets, "\(example.text.debugDescription)")
        }
    }

    /// SentencePiece BPE is left out: there, words are cut where it changes nothing.
    @Test(arguments: [
        "bpe-gpt2", "bpe-llama3", "bpe-qwen2", "bpe-o200k", "bpe-roberta", "wordpiece-uncased",
        "wordpiece-cased", "unigram",
    ])
    func textIsNormalizedAndCutAsByTheReference(kind: String) throws {
        let tokenizer = try #require(try Fixtures.tokenizer(kind) as? any StageShowing)
        for example in try Golden(kind).cases {
            let normalized = tokenizer.normalized(Array(example.text.utf8))
            let expected = example.normalized ?? example.text
            #expect(normalized == Array(expected.utf8), "\(example.text.debugDescription)")
            let words = try tokenizer.words(ofNormalized: normalized).map { word in
                kind.hasPrefix("bpe")
                    ? word.map { ByteLevelVocabulary.alphabet[Int($0)] }.joined()
                    : String(decoding: word, as: UTF8.self)
            }
            #expect(words == example.preTokens, "\(example.text.debugDescription)")
        }
    }
}

extension TokenizerVocabulary {
    fileprivate func text(_ ids: [Int32], skippingControl: Bool = false) -> String {
        String(decoding: decode(ids, skippingControl: skippingControl), as: UTF8.self)
    }
}

/// GGUF files of the reference set.
@Suite struct GGUFGoldenTests {
    @Test(arguments: [
        ("base", "bpe-qwen2"), ("qwen2", "bpe-qwen2"), ("spm", "spm-bpe"),
        ("rope-llama3", "bpe-llama3"), ("tied", "bpe-gpt2"), ("gemma", "spm-bpe"),
    ])
    func ggufGivesTheSameIDsAsTokenizerJSON(variant: String, kind: String) throws {
        let tokenizer = try Self.tokenizer(variant)
        #expect(tokenizer.notes == [])
        for example in try Golden(kind).cases {
            let ids = try tokenizer.reference(example.text, addSpecial: true)
            #expect(ids == example.ids, "\(example.text.debugDescription)")
            let text = tokenizer.vocabulary.decode(ids, skippingControl: true)
            #expect(text == Array(example.decodedWithoutSpecial.utf8))
        }
    }

    @Test func sentencePieceNeverParsesControlTokens() throws {
        let tokenizer = try Self.tokenizer("spm")
        for example in try Golden("spm-bpe").cases {
            let ids = try tokenizer.encode(example.text, addSpecial: false, parseSpecial: false)
            #expect(ids == example.sentencePieceIDs, "\(example.text.debugDescription)")
        }
    }

    @Test(arguments: [
        "base", "spm", "rope-llama3", "rope-linear", "tied", "qwen2", "qwen3", "gemma", "phi3",
    ])
    func bothFormsGiveTheIDsOfAModelsPrompts(variant: String) throws {
        let folder = try TestFiles.shared("fixtures/llama-tiny/\(variant)")
        let golden = try JSONDecoder().decode(
            Prompts.self, from: Fixtures.data("\(folder)/golden.json"))
        #expect(!golden.prompts.isEmpty)
        for tokenizer in [try Self.tokenizer(variant), try Tokenizers.load(directory: folder)] {
            for prompt in golden.prompts {
                #expect(try tokenizer.reference(prompt.text, addSpecial: true) == prompt.ids)
            }
        }
    }

    private struct Prompts: Decodable {
        struct Prompt: Decodable {
            let text: String
            let ids: [Int32]
        }

        let prompts: [Prompt]
    }

    private static func tokenizer(_ variant: String) throws -> any Tokenizer {
        let file = try TestFiles.shared("fixtures/llama-tiny/\(variant)/model-f32.gguf")
        return try Tokenizers.load(gguf: GGUFFile(file).vocabulary)
    }
}

@Suite struct StoriesTests {
    private struct Stories: Decodable {
        struct Case: Decodable {
            let promptIDs: [Int32]
            let greedyIDs: [Int32]
            let prompt, text: String

            enum CodingKeys: String, CodingKey {
                case promptIDs = "prompt_ids"
                case greedyIDs = "greedy_ids"
                case prompt, text
            }
        }

        let cases: [Case]
    }

    @Test func aTrainedModelsPromptsAndAnswersAreThoseOfLlamaCpp() throws {
        let folder = try TestFiles.shared("models/stories260K")
        let tokenizer = try Tokenizers.load(gguf: GGUFFile("\(folder)/stories260K.gguf").vocabulary)
        let stories = try JSONDecoder().decode(
            Stories.self, from: Fixtures.data("\(folder)/golden.json"))
        #expect(stories.cases.count == 4)
        for story in stories.cases {
            #expect(try tokenizer.reference(story.prompt, addSpecial: true) == story.promptIDs)
            let answer = story.greedyIDs.flatMap { tokenizer.vocabulary.piece($0) }
            #expect(String(decoding: answer, as: UTF8.self) == story.text)
        }
    }
}
