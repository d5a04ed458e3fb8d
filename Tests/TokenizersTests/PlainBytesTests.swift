import Testing
import Tokenizers

/// Texts of which somebody else wrote parts: no special token is found in those.
@Suite struct PlainBytesTests {
    static let kinds = [
        "bpe-gpt2", "bpe-llama3", "bpe-o200k", "bpe-qwen2", "bpe-roberta", "clip",
        "spm-bpe-metaspace", "spm-bpe", "unigram", "wordpiece-cased", "wordpiece-uncased",
    ]

    /// The special tokens of a vocabulary as they are spelled, but the one for unknown characters.
    private func specials(_ tokenizer: any Tokenizer) throws -> [(id: Int32, text: String)] {
        let vocabulary = tokenizer.vocabulary
        return try vocabulary.attributes.indices.compactMap { id in
            guard vocabulary.attributes[id].contains(.control) else { return nil }
            // Pieces that begin words are written with a space that is not theirs.
            let text = vocabulary.pieces.text(id).trimmingPrefix(" ")
            let found = try tokenizer.encode(
                String(text), addSpecial: false, parseSpecial: true)
            return found == [Int32(id)] && !text.lowercased().contains("unk")
                ? (Int32(id), String(text)) : nil
        }
    }

    private struct Words {
        var generator: SplitMix

        init(_ seed: UInt64) { generator = SplitMix(state: seed) }

        static let words = [
            "Once", " upon", " a", "  time", "\n", "\n\n", "é", "日本", "'s", "<", "|", ">", " <|",
            "|>", "123", "_end", "[", "]", "</", "s", "I", "ï", "👩‍👩‍👧", "\t", ".", " ", "e\u{301}",
        ]

        mutating func text(_ count: Int) -> String {
            (0..<count).map { _ in Self.words.randomElement(using: &generator)! }.joined()
        }

        mutating func ranges(of text: String) -> [Range<Int>] {
            let places = Set(
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    Int.random(in: 0...text.utf8.count, using: &generator)
                }
            ).sorted()
            return stride(from: 0, to: places.count - 1, by: 2).map {
                places[$0]..<places[$0 + 1]
            }
        }
    }

    @Test(arguments: kinds) func theyAreNoBordersOfATextWithoutSpecials(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let specials = try specials(tokenizer)
        var words = Words(7)
        for _ in 0..<300 {
            let text = words.text(Int.random(in: 0...20, using: &words.generator))
            guard !specials.contains(where: { text.contains($0.text) }) else { continue }
            let whole = try tokenizer.encode(text, addSpecial: true, parseSpecial: true)
            let mixed = try tokenizer.encode(
                text, addSpecial: true, parseSpecial: true, plain: words.ranges(of: text))
            #expect(mixed == whole, "\(text)")
        }
    }

    @Test(arguments: kinds) func noSpecialTokenIsFoundInThem(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let specials = try specials(tokenizer)
        try #require(!specials.isEmpty)
        var words = Words(11)
        for round in 0..<200 {
            let own = specials[round % specials.count]
            let theirs = specials.randomElement(using: &words.generator)!
            let quoted = words.text(3) + theirs.text + words.text(3)
            let start = own.text.utf8.count
            let ids = try tokenizer.encode(
                own.text + quoted + own.text, addSpecial: false, parseSpecial: true,
                plain: [start..<start + quoted.utf8.count])
            let found = ids.filter { id in specials.contains { $0.id == id } }
            #expect(found == [own.id, own.id], "\(quoted)")
        }
    }

    @Test(arguments: kinds) func aTextThatIsAllPlainIsNotParsed(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        for special in try specials(tokenizer) {
            let text = "a \(special.text) b\(special.text)"
            #expect(
                try tokenizer.encode(
                    text, addSpecial: true, parseSpecial: true, plain: [0..<text.utf8.count])
                    == tokenizer.encode(text, addSpecial: true, parseSpecial: false))
        }
    }

    @Test(arguments: kinds) func aTokenIsNotFoundAcrossTheirEnds(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        for special in try specials(tokenizer) {
            let length = special.text.utf8.count
            for cut in 1..<max(2, length) where length > 1 {
                for plain in [0..<cut, cut..<length] {
                    let ids = try tokenizer.encode(
                        special.text, addSpecial: false, parseSpecial: true, plain: [plain])
                    #expect(!ids.contains(special.id), "\(special.text) at \(cut)")
                }
            }
        }
    }

    /// Where the longest token may not be found, a shorter one that lies outside may.
    @Test func aForbiddenTokenHidesNoShorterOne() throws {
        let file = """
            {"added_tokens": [{"id": 3, "content": "ab", "special": true},
                              {"id": 4, "content": "abc", "special": true}],
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []}}
            """
        let tokenizer = try Fixtures.withDirectory(["tokenizer.json": file]) {
            try Tokenizers.load(directory: $0)
        }
        func ids(_ plain: [Range<Int>]) throws -> [Int32] {
            try tokenizer.encode("abc", addSpecial: false, parseSpecial: true, plain: plain)
        }
        #expect(try ids([]) == [4])
        #expect(try ids([2..<3]) == [3, 2])
        #expect(try ids([0..<1]) == [0, 1, 2])
    }

    /// Special tokens of some files are looked for in normalized text, whose bytes lie elsewhere.
    @Test func aTokenOfNormalizedTextIsKnownByWhereItComesFrom() throws {
        let file = """
            {"added_tokens": [{"id": 3, "content": "ab", "special": true, "normalized": true}],
             "normalizer": {"type": "Lowercase"},
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "İ": 2}, "merges": [],
                       "unk_token": null}}
            """
        let tokenizer = try Fixtures.withDirectory(["tokenizer.json": file]) {
            try Tokenizers.load(directory: $0)
        }
        func ids(_ text: String, _ plain: [Range<Int>]) throws -> [Int32] {
            try tokenizer.encode(text, addSpecial: false, parseSpecial: true, plain: plain)
        }
        // "İ" becomes three bytes instead of two.
        #expect(try ids("İABAB", [4..<6]).suffix(3) == [3, 0, 1])
        #expect(try ids("İABAB", [2..<4]).suffix(3) == [0, 1, 3])
        #expect(try ids("İABAB", []).suffix(2) == [3, 3])
    }

    /// What ends a generation is special, though its file does not say so.
    @Test func aTokenThatEndsAGenerationIsSpecial() throws {
        let file = """
            {"added_tokens": [{"id": 2, "content": "<|im_end|>", "special": false}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
             "model": {"type": "BPE", "vocab": {"a": 0, "<": 1}, "merges": []}}
            """
        let tokenizer = try Fixtures.withDirectory(["tokenizer.json": file]) {
            try Tokenizers.load(directory: $0)
        }
        #expect(
            try tokenizer.encode("a<|im_end|>", addSpecial: false, parseSpecial: true) == [0, 2])
        #expect(
            !(try tokenizer.encode("a<|im_end|>", addSpecial: false, parseSpecial: false))
                .contains(2))
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
