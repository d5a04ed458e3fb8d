import FoundationEssentials
import Testing
import Tokenizers

/// Vocabularies without tokenizer.json against transformers.
@Suite struct VocabularyFileTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            /// Where the vocabulary stands.
            let folder: String
            /// `tokenizer_config.json`; nil for the folder's own.
            let settings: String?
            let ids: [[Int32]]
            /// Of each text and the one behind it.
            let pairs: [[Int32]]
        }

        let texts: [String]
        let cases: [String: Case]
    }

    private static func golden() throws -> Golden {
        let path = "\(Fixtures.own)/vocabulary-files/golden.json"
        return try JSONDecoder().decode(Golden.self, from: Fixtures.data(path))
    }

    private static func load(_ files: [String: String]) throws -> any Tokenizer {
        try Fixtures.withDirectory(files) { try Tokenizers.load(directory: $0) }
    }

    private static func files(of example: Golden.Case) throws -> [String: String] {
        var files: [String: String] = [:]
        for name in ["vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json"] {
            let path = "\(Fixtures.own)/\(example.folder)/\(name)"
            files[name] = try? String(decoding: Fixtures.data(path), as: UTF8.self)
        }
        files["tokenizer_config.json"] = example.settings ?? files["tokenizer_config.json"]
        return files
    }

    @Test(arguments: [
        "bert-1n1", "bert-1n0", "bert-101", "bert-100", "bert-111", "bert-110", "bert-0n1",
        "bert-0n0", "bert-001", "bert-000", "bert-011", "bert-010", "distilbert", "clip",
        "roberta", "roberta-prefix", "bart",
    ])
    func textsAreCutAsTheReferenceCutsThem(name: String) throws {
        let golden = try Self.golden()
        #expect(golden.cases.count == 17)
        let example = try #require(golden.cases[name])
        let tokenizer = try Self.load(Self.files(of: example))
        for (text, ids) in zip(golden.texts, example.ids) {
            let found = try tokenizer.encode(text, maxLength: nil, addSpecial: true).ids
            #expect(found == ids, "\(text.debugDescription)")
        }
        for (index, ids) in example.pairs.enumerated() {
            let (first, second) = (golden.texts[index], golden.texts[index + 1])
            let found = try tokenizer.encode(first, pair: second, maxLength: nil).ids
            #expect(found == ids, "\(second.debugDescription)")
        }
    }

    @Test func offsetsAreThoseOfTokenizerJSON() throws {
        let folder = "\(Fixtures.own)/../bert-tiny/roberta-cross-encoder"
        let published = try Tokenizers.load(directory: folder)
        let example = try #require(Self.golden().cases["roberta"])
        let tokenizer = try Self.load(Self.files(of: example))
        for text in ["The caf\u{E9}  <mask> is\u{1F600}", " a "] {
            #expect(
                try tokenizer.encode(text, maxLength: nil, addSpecial: true)
                    == published.encode(text, maxLength: nil, addSpecial: true))
        }
    }

    /// MPNet has BERT's pieces and RoBERTa's special tokens.
    @Test func anMPNetHasItsOwnSpecialTokens() throws {
        let tokenizer = try Self.load([
            "vocab.txt": "<s>\n<pad>\n</s>\n[UNK]\na\nb\n<mask>\n",
            "tokenizer_config.json": #"{"tokenizer_class": "MPNetTokenizer"}"#,
        ])
        #expect(
            try tokenizer.encode("A <mask>", pair: "b", maxLength: nil).ids
                == [0, 4, 6, 2, 2, 5, 2])
    }

    @Test func theTypeOfModelSaysWhatTheClassDoesNot() throws {
        var files = try Self.files(of: #require(Self.golden().cases["roberta"]))
        files["tokenizer_config.json"] = nil
        files["config.json"] = #"{"model_type": "roberta"}"#
        #expect(try Self.load(files).encode("", maxLength: nil, addSpecial: true).ids == [0, 2])
        files["config.json"] = #"{"model_type": "gpt2"}"#
        #expect(try Self.load(files).encode("", maxLength: nil, addSpecial: true).ids == [])
    }

    @Test(arguments: [
        ("{", "#version: 0.2\na b\n", "vocab.json"),
        (#"{"<s>": 0, "</s>": 1, "a": 2, "b": 3}"#, "a b\n", "'ab'"),
        (#"{"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4}"#, "a b c\n", "'a b c'"),
        (#"{"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4}"#, "ab\n", "'ab'"),
        (#"{"<s>": 0, "</s>": 1, "a": -2}"#, "", "-2"),
        (#"{"<s>": 0, "</s>": 1, "a": 4000000000}"#, "", "4000000000"),
        (#"{"<s>": 0, "a": 2}"#, "", "'</s>'"),
        (#"["<s>"]"#, "", "vocab.json"),
    ])
    func whatIsWrongIsNamed(vocabulary: String, merges: String, message: String) {
        #expect {
            try Self.load([
                "vocab.json": vocabulary, "merges.txt": merges,
                "config.json": #"{"model_type": "roberta"}"#,
            ])
        } throws: { "\($0)".contains(message) }
    }

    @Test(arguments: [
        #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#,
        #"{"added_tokens_decoder": {"-1": {"content": "a"}}}"#,
        #"{"added_tokens_decoder": {"0": {"content": "other"}}}"#,
        #"{"added_tokens_decoder": {"9": {}}}"#, #"{"added_tokens_decoder": []}"#,
        #"{"cls_token": 3}"#, #"{"tokenizer_class": 3}"#, #"{"do_lower_case": "yes"}"#,
    ])
    func wrongSettingsAreErrors(settings: String) {
        #expect(throws: TokenizerError.self) {
            try Self.load([
                "vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\n", "tokenizer_config.json": settings,
            ])
        }
    }

    @Test func anUnknownClassWithMergesIsRefusedByItsName() {
        #expect {
            try Self.load([
                "vocab.json": "{}", "merges.txt": "",
                "tokenizer_config.json": #"{"tokenizer_class": "Qwen2Tokenizer"}"#,
            ])
        } throws: { "\($0)".contains("Qwen2Tokenizer") }
    }
}
