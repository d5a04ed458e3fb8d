import Testing
import Tokenizers

/// Text that spells a control token stays text, though the model's own vocabulary holds the token.
@Suite struct ControlTextTests {
    private func load(_ files: [String: String]) throws -> any Tokenizer {
        try Fixtures.withDirectory(files) { try Tokenizers.load(directory: $0) }
    }

    private func plain(_ text: String, _ tokenizer: any Tokenizer) throws -> [Int32] {
        try tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    }

    private func parsed(_ text: String, _ tokenizer: any Tokenizer) throws -> [Int32] {
        try tokenizer.encode(text, addSpecial: false, parseSpecial: true)
    }

    /// A BPE model of `vocab`, whose merges make "<e>".
    private func bpe(added: String, ignoresMerges: Bool) -> String {
        """
        {"added_tokens": [\(added)], "pre_tokenizer": {"type": "WhitespaceSplit"},
         "model": {"type": "BPE", "ignore_merges": \(ignoresMerges),
                   "vocab": {"<": 0, "e": 1, ">": 2, "<e": 3, "<e>": 4},
                   "merges": ["< e", "<e >"]}}
        """
    }

    @Test(arguments: [false, true]) func neitherWordsNorMergesMakeAControlToken(
        _ ignoresMerges: Bool
    ) throws {
        let added = #"{"id": 4, "content": "<e>", "special": true}"#
        let tokenizer = try load([
            "tokenizer.json": bpe(added: added, ignoresMerges: ignoresMerges)
        ])
        #expect(try plain("<e>", tokenizer) == [3, 2])
        #expect(try parsed("<e>", tokenizer) == [4])
    }

    /// An end that only a file beside the tokenizer names is found where control tokens are parsed.
    @Test(arguments: [false, true]) func neitherMakesWhatEndsAGeneration(
        _ ignoresMerges: Bool
    ) throws {
        let tokenizer = try load([
            "tokenizer.json": bpe(added: "", ignoresMerges: ignoresMerges),
            "generation_config.json": #"{"eos_token_id": [4]}"#,
        ])
        #expect(try plain("<e>", tokenizer) == [3, 2])
        #expect(try parsed("<e>", tokenizer) == [4])
    }

    @Test func wordPiecesMakeNoControlToken() throws {
        let tokenizer = try load([
            "tokenizer.json": """
            {"added_tokens": [{"id": 0, "content": "[UNK]", "special": true},
                              {"id": 1, "content": "[SEP]", "special": true}],
             "pre_tokenizer": {"type": "WhitespaceSplit"},
             "model": {"type": "WordPiece", "unk_token": "[UNK]",
                       "vocab": {"[UNK]": 0, "[SEP]": 1, "[": 2, "##SEP": 3, "##]": 4}}}
            """
        ])
        #expect(try plain("[SEP]", tokenizer) == [2, 3, 4])
        #expect(try parsed("[SEP]", tokenizer) == [1])
    }

    @Test func unigramMakesNothingThatEndsAGeneration() throws {
        let tokenizer = try load([
            "tokenizer.json": """
            {"model": {"type": "Unigram", "unk_id": 0,
                       "vocab": [["<unk>", 0], ["</s>", -1], ["</", -2], ["s", -2], [">", -2]]}}
            """,
            "generation_config.json": #"{"eos_token_id": 1}"#,
        ])
        #expect(try plain("</s>", tokenizer) == [2, 3, 4])
        #expect(try parsed("</s>", tokenizer) == [1])
    }

    /// Nothing else stands for a byte or a character.
    @Test func aControlTokenOfOneSymbolStaysText() throws {
        let tokenizer = try load([
            "tokenizer.json": """
            {"added_tokens": [{"id": 1, "content": "!", "special": true}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "model": {"type": "BPE", "vocab": {"a": 0, "!": 1}, "merges": []}}
            """
        ])
        #expect(try plain("a!", tokenizer) == [0, 1])
    }

    @Test func aGGUFVocabularyMakesNoEndOfWordsOrMerges() throws {
        var file = ByteLevelVocabulary.gguf(merges: [("<", "|"), ("<|", ">")], pre: "llama-bpe")
        (file.eos, file.addBOS) = (257, false)
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(try tokenizer.pieces("<|>", parseSpecial: false) == ["<|", ">"])
        #expect(try tokenizer.pieces("<|>") == ["<|>"])
    }

    // MARK: - Words of chat templates

    private static let added = """
        {"id": 3, "content": "<think>", "special": false},
        {"id": 4, "content": "<|role|>", "special": false},
        {"id": 5, "content": "<b>", "special": false},
        {"id": 6, "content": "  ", "special": false},
        {"id": 7, "content": "user", "special": false}
        """

    private static let file = """
        {"added_tokens": [\(added)],
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
         "model": {"type": "BPE", "vocab": {"a": 0, "<": 1, ">": 2}, "merges": []}}
        """

    private static let template = "  user <think>{{ messages }}"

    private static let directories = [
        ["chat_template.jinja": template],
        ["tokenizer_config.json": "{\"chat_template\": \"\(template)\"}"],
        [
            "tokenizer_config.json":
                #"{"chat_template": [{"name": "default", "template": "\#(template)"}]}"#
        ],
    ]

    /// Though their file calls them no control tokens, a text that came with a request makes none.
    @Test(arguments: directories) func whatAChatTemplateWritesIsNotMadeOfOtherText(
        _ beside: [String: String]
    ) throws {
        let tokenizer = try load(beside.merging(["tokenizer.json": Self.file]) { $1 })
        for (spelling, id) in [("<think>", Int32(3)), ("<|role|>", 4)] {
            let text = "a\(spelling)"
            let range = 1..<text.utf8.count
            #expect(try parsed(text, tokenizer) == [0, id])
            #expect(!(try plain(text, tokenizer)).contains(id))
            let mixed = try tokenizer.encode(
                text, addSpecial: false, parseSpecial: true, plain: [range])
            #expect(!mixed.contains(id))
            // The model writes it as text.
            #expect(tokenizer.vocabulary.attributes[Int(id)].isEmpty)
        }
    }

    /// Blanks, words and what no template writes are in a request what they are elsewhere.
    @Test(arguments: directories) func otherAddedTokensAreFoundInAnyText(
        _ beside: [String: String]
    ) throws {
        let tokenizer = try load(beside.merging(["tokenizer.json": Self.file]) { $1 })
        #expect(try plain("a<b>  user", tokenizer) == [0, 5, 6, 7])
    }

    @Test func aGGUFFileHasItsTemplateToo() throws {
        var file = ByteLevelVocabulary.gguf(merges: [], control: ["<think>", "<b>"])
        file.types = [Int32](repeating: 1, count: 256) + [4, 4]
        file.chatTemplate = "<think>"
        let tokenizer = try Tokenizers.load(gguf: file)
        #expect(!(try plain("<think>", tokenizer)).contains(256))
        #expect(try parsed("<think>", tokenizer) == [256])
        #expect(try plain("<b>", tokenizer) == [257])
    }
}
