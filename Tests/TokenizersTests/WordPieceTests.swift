import FoundationEssentials
import TestFixtures
import Testing
@_spi(Testing) import Tokenizers

@Suite struct WordPieceTests {
    private static func tokenizer(
        _ tokens: [String], settings: String = #"{"do_lower_case": true}"#
    ) throws -> any Tokenizer {
        let all = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + tokens
        return try Fixtures.withDirectory([
            "vocab.txt": all.joined(separator: "\n") + "\n", "tokenizer_config.json": settings,
        ]) { try Tokenizers.load(directory: $0) }
    }

    private static func pieces(_ tokenizer: any Tokenizer, _ text: String) throws -> [Int32] {
        try tokenizer.encode(text, addSpecial: false, parseSpecial: false).map { $0 - 5 }
    }

    @Test func theLongestPieceComesFirstAndAWordWithoutPiecesIsUnknown() throws {
        let tokenizer = try Self.tokenizer(["un", "unaf", "##able", "##f", "##fable", "a"])
        #expect(try Self.pieces(tokenizer, "unaffable") == [1, 4])
        #expect(try Self.pieces(tokenizer, "unfable") == [0, 4])
        #expect(try Self.pieces(tokenizer, "unafx a") == [-4, 5])
        #expect(try Self.pieces(tokenizer, "able") == [-4])
    }

    /// Against the definition: try every end, the last one first.
    @Test(arguments: 0..<10) func theTrieFindsWhatThePlainLoopFinds(seed: Int) throws {
        var random = Random(UInt64(seed))
        let parts = (0..<40).map { _ in
            String(
                (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    "abé".randomElement(using: &random)!
                })
        }
        let tokens = Array(
            Set(parts.flatMap { [$0, "##\($0)"] }.filter { _ in Bool.random(using: &random) }))
        let tokenizer = try Self.tokenizer(
            tokens, settings: #"{"do_lower_case": false}"#)
        for _ in 0..<50 {
            let word = String(
                (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    "abé".randomElement(using: &random)!
                })
            #expect(try Self.pieces(tokenizer, word) == Self.plainly(word, tokens))
        }
    }

    private static func plainly(_ word: String, _ tokens: [String]) -> [Int32] {
        var ids: [Int32] = []
        var rest = word[...]
        while !rest.isEmpty {
            let found = (1...rest.count).reversed().compactMap { count in
                tokens.firstIndex(of: (ids.isEmpty ? "" : "##") + rest.prefix(count)).map {
                    ($0, count)
                }
            }.first
            guard let (id, count) = found else { return [-4] }
            ids.append(Int32(id))
            rest = rest.dropFirst(count)
        }
        return ids
    }

    @Test(arguments: ["wordpiece-uncased", "wordpiece-cased"])
    func aVocabularyFileGivesTheSameAsTokenizerJSON(kind: String) throws {
        let folder = "\(Fixtures.own)/\(kind)"
        let files = try ["vocab.txt", "tokenizer_config.json"].map {
            ($0, String(decoding: try Fixtures.data("\(folder)/\($0)"), as: UTF8.self))
        }
        let tokenizer = try Fixtures.withDirectory(Dictionary(uniqueKeysWithValues: files)) {
            try Tokenizers.load(directory: $0)
        }
        for example in try Golden(kind).cases {
            let encoding = try tokenizer.encode(example.text, maxLength: nil, addSpecial: true)
            #expect(encoding.ids == example.ids, "\(example.text.debugDescription)")
            let text = tokenizer.vocabulary.decode(encoding.ids, skippingControl: true)
            #expect(text == Array(example.decodedWithoutSpecial.utf8))
        }
        #expect(
            try tokenizer.encode("a", pair: "b", maxLength: nil)
                == Fixtures.tokenizer(kind).encode("a", pair: "b", maxLength: nil))
    }

    /// GGUF spells "hello" "▁hello", and "##ing" "ing".
    @Test(arguments: ["wordpiece-uncased", "wordpiece-cased"])
    func ggufGivesTheSameAsTokenizerJSON(kind: String) throws {
        let vocabulary = String(
            decoding: try Fixtures.data("\(Fixtures.own)/\(kind)/vocab.txt"), as: UTF8.self)
        let tokens = vocabulary.split(separator: "\n").map { token in
            if token.hasPrefix("[") && token.hasSuffix("]") { return String(token) }
            return token.hasPrefix("##") ? String(token.dropFirst(2)) : "▁\(token)"
        }
        var file = GGUFVocabulary(model: "bert", tokens: ByteStrings(tokens))
        (file.pad, file.unknown, file.cls, file.separator, file.mask) = (0, 1, 2, 3, 4)
        let tokenizer = try Tokenizers.load(gguf: file)
        for example in try Golden(kind).cases {
            let encoding = try tokenizer.encode(example.text, maxLength: nil, addSpecial: true)
            #expect(encoding.ids == example.ids, "\(example.text.debugDescription)")
        }
        #expect(
            try tokenizer.encode("a", pair: "b", maxLength: nil)
                == Fixtures.tokenizer(kind).encode("a", pair: "b", maxLength: nil))
    }

    @Test func aVocabularyFileWithoutItsSpecialTokensIsRefused() throws {
        _ = try Fixtures.withDirectory(["vocab.txt": "a\nb\n"]) { folder in
            #expect {
                try Tokenizers.load(directory: folder)
            } throws: { "\($0)" == "'\(folder)/vocab.txt': '[CLS]' is missing" }
        }
    }

    @Test func wordsAreBoundedAndStepsGrowNoFasterThanTheText() throws {
        let tokenizer = try Self.tokenizer(["a", "##a"])
        #expect(try Self.pieces(tokenizer, String(repeating: "a", count: 100)).count == 100)
        #expect(try Self.pieces(tokenizer, String(repeating: "a", count: 101)) == [-4])
        let counting = try #require(tokenizer as? any StepCounting)
        for part in ["a", "a ", "é", "今", "\u{301}", "\0"] {
            let text = String(repeating: part, count: 1_000_000 / part.utf8.count)
            let (ids, steps) = try counting.encodeCountingSteps(
                text.utf8.span, addSpecial: false, parseSpecial: false)
            #expect(steps <= text.utf8.count && ids.count <= text.utf8.count)
        }
    }

    /// A long piece in a hostile file would make the search for it quadratic.
    @Test func aPieceTooLongIsRefused() {
        #expect {
            try Self.tokenizer([String(repeating: "a", count: 1025)])
        } throws: { "\($0)".hasSuffix("'vocab' is a token of 1025 bytes, expected at most 1024") }
    }

    @Test func ofTokensThatAreSpelledAlikeTheLastCounts() throws {
        #expect(try Self.pieces(Self.tokenizer(["a", "b", "a"]), "a b") == [2, 1])
    }

    @Test func bytesThatAreNoTextAreLeftOut() throws {
        let tokenizer = try Self.tokenizer(["a", "b"])
        let bytes: [UInt8] = [0x61, 0xFF, 0x20, 0xC3, 0x62, 0xE2, 0x82]
        #expect(try tokenizer.encode(bytes.span, addSpecial: false, parseSpecial: true) == [5, 6])
    }
}

/// The real vocabulary of all-MiniLM-L6-v2.
@Suite struct MiniLMTests {
    private struct Tokens: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
            let offsets: [[Int]]
        }

        let cases: [Case]
    }

    /// tokenizer.json asks for truncation and padding to 128, which is the caller's to decide.
    @Test(arguments: [["tokenizer.json"], ["vocab.txt", "tokenizer_config.json"]])
    func trickyTextsHaveTheReferencesIDs(files: [String]) throws {
        let folder = try TestFiles.miniLM()
        let texts = try files.map {
            ($0, String(decoding: try Fixtures.data("\(folder)/\($0)"), as: UTF8.self))
        }
        let tokenizer = try Fixtures.withDirectory(Dictionary(uniqueKeysWithValues: texts)) {
            try Tokenizers.load(directory: $0)
        }
        let golden = try JSONDecoder().decode(
            Tokens.self,
            from: Fixtures.data(TestFiles.shared("fixtures/minilm-golden/tokens.json")))
        #expect(golden.cases.count == 73)
        for example in golden.cases {
            let encoding = try tokenizer.encode(example.text, maxLength: nil, addSpecial: true)
            #expect(encoding.ids == example.ids, "\(example.text.debugDescription)")
            let offsets = encoding.offsets.map { [$0.lowerBound, $0.upperBound] }
            #expect(offsets == example.offsets, "\(example.text.debugDescription)")
        }
    }
}
