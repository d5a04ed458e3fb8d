import Testing
@_spi(Testing) import Tokenizers

@Suite struct UnigramTests {
    private static func file(
        _ pieces: [(String, Double)], rest: String = "", bytes: Bool = false
    ) -> String {
        let vocabulary = pieces.map { #"["\#($0.0)", \#($0.1)]"# }.joined(separator: ",")
        return """
            {"model": {"type": "Unigram", "unk_id": 0, "byte_fallback": \(bytes),
             "vocab": [["<unk>", 0], \(vocabulary)]} \(rest)}
            """
    }

    private static func load(_ file: String) throws -> any Tokenizer {
        try Fixtures.withDirectory(["tokenizer.json": file]) { try Tokenizers.load(directory: $0) }
    }

    /// Against the definition: of all ways to cut the word the best.
    @Test(arguments: 0..<10) func viterbiFindsTheBestOfAllWays(seed: Int) throws {
        var random = Random(UInt64(seed))
        var scores: [String: Double] = ["a": -3, "b": -4]
        for _ in 0..<8 {
            let piece = (0..<Int.random(in: 2...4, using: &random)).map { _ in
                "ab".randomElement(using: &random)!
            }
            scores[String(piece)] = -Double.random(in: 1...9, using: &random)
        }
        let tokenizer = try Self.load(Self.file(scores.sorted { $0.key < $1.key }))
        for _ in 0..<30 {
            let word = String(
                (0..<Int.random(in: 1...10, using: &random)).map { _ in
                    "ab".randomElement(using: &random)!
                })
            let pieces = try tokenizer.pieces(word)
            #expect(pieces.joined() == word)
            let score = pieces.reduce(0) { $0 + scores[$1]! }
            #expect(abs(score - Self.best(word[...], scores)) < 1e-9)
        }
    }

    private static func best(_ word: Substring, _ scores: [String: Double]) -> Double {
        guard !word.isEmpty else { return 0 }
        return (1...word.count).compactMap { count in
            scores[String(word.prefix(count))].map { $0 + best(word.dropFirst(count), scores) }
        }.max()!
    }

    @Test func unknownCharactersJoin() throws {
        let tokenizer = try Self.load(Self.file([("a", -1)]))
        let encoding = try tokenizer.encode("xéaz", maxLength: nil, addSpecial: true)
        #expect(encoding.ids == [0, 1, 0])
        #expect(encoding.offsets == [0..<2, 2..<3, 3..<4])
    }

    @Test func unknownCharactersAreWrittenAsBytesWhereThereAreBytes() throws {
        let bytes = ["<0xC3>", "<0xA9>"].map { ($0, -20.0) }
        let tokenizer = try Self.load(Self.file([("a", -1)] + bytes, bytes: true))
        let encoding = try tokenizer.encode("aéx", maxLength: nil, addSpecial: true)
        #expect(encoding.ids == [1, 0])
        #expect(try tokenizer.encode("é", addSpecial: true, parseSpecial: true) == [2, 3])
    }

    @Test func controlTokensAreNeverMadeOfPlainText() throws {
        let added = #", "added_tokens": [{"id": 1, "content": "</s>", "special": true}]"#
        let tokenizer = try Self.load(Self.file([("</s>", 0), ("a", -1)], rest: added))
        #expect(try tokenizer.encode("</s>", addSpecial: false, parseSpecial: true) == [1])
        #expect(try tokenizer.encode("</s>", addSpecial: false, parseSpecial: false) == [0])
    }

    /// An added token beyond the pieces has no score.
    @Test func anAddedTokenNeedsNoScore() throws {
        let added = #", "added_tokens": [{"id": 9, "content": "ab", "normalized": false}]"#
        let tokenizer = try Self.load(Self.file([("a", -1), ("b", -1)], rest: added))
        #expect(try tokenizer.encode("aba", addSpecial: false, parseSpecial: false) == [9, 1])
    }

    @Test func stepsGrowNoFasterThanTheText() throws {
        let tokenizer = try #require(try Fixtures.tokenizer("unigram") as? any StepCounting)
        for part in ["a", "ab", " ", "今", "\u{301}", "\0", "a\u{200D}"] {
            let text = String(repeating: part, count: 300_000 / part.utf8.count)
            let steps = try tokenizer.encodeCountingSteps(
                text.utf8.span, addSpecial: false, parseSpecial: false
            ).steps
            #expect(steps <= 16 * text.utf8.count)
        }
    }

    /// The pieces of the fixture as a GGUF file has them.
    @Test func ggufGivesTheSameAsTokenizerJSON() throws {
        let original = try Fixtures.tokenizer("unigram")
        let file = try Fixtures.unigramGGUF()
        let tokenizer = try Tokenizers.load(gguf: file)
        for example in try Golden("unigram").cases {
            let encoding = try tokenizer.encode(example.text, maxLength: nil, addSpecial: true)
            #expect(encoding.ids == example.ids, "\(example.text.debugDescription)")
        }
        #expect(
            try tokenizer.encode("a", pair: "b", maxLength: nil)
                == original.encode("a", pair: "b", maxLength: nil))
    }
}
