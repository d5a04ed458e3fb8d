import Testing
@_spi(Testing) import Tokenizers

@Suite struct BPETests {
    @Test func theBestMergeComesFirstAndOfEqualOnesTheLeftmost() throws {
        let tokenizer = try Tokenizers.load(
            gguf: ByteLevelVocabulary.gguf(merges: [("b", "c"), ("a", "b"), ("a", "a")]))
        #expect(try tokenizer.pieces("abc") == ["a", "bc"])
        #expect(try tokenizer.pieces("aab") == ["a", "ab"])
        #expect(try tokenizer.pieces("aaaaa") == ["aa", "aa", "a"])
    }

    @Test func aMergeOutOfDateIsLeftOut() throws {
        let tokenizer = try Tokenizers.load(
            gguf: ByteLevelVocabulary.gguf(merges: [
                ("b", "c"), ("a", "bc"), ("c", "d"), ("a", "b"),
            ]))
        #expect(try tokenizer.pieces("abcd") == ["abc", "d"])
        #expect(try tokenizer.pieces("abd") == ["ab", "d"])
    }

    /// Against the definition: look for the best pair, merge it, look again.
    @Test(arguments: 0..<20) func theQueueMergesAsThePlainLoopDoes(seed: Int) throws {
        var random = Random(UInt64(seed))
        let merges = Self.merges(&random)
        let tokenizer = try Tokenizers.load(gguf: ByteLevelVocabulary.gguf(merges: merges))
        for _ in 0..<50 {
            let text = String(
                (0..<Int.random(in: 1...40, using: &random)).map { _ in
                    "abc".randomElement(using: &random)!
                })
            #expect(try tokenizer.pieces(text) == Self.plainly(text, merges))
        }
    }

    /// Random merges of "a", "b" and "c", each of tokens that are there.
    private static func merges(_ random: inout Random) -> [(String, String)] {
        var tokens = ["a", "b", "c"]
        var merges: [(String, String)] = []
        while merges.count < 30 {
            let pair = (
                tokens.randomElement(using: &random)!, tokens.randomElement(using: &random)!
            )
            guard !tokens.contains(pair.0 + pair.1) else { continue }
            merges.append(pair)
            tokens.append(pair.0 + pair.1)
        }
        return merges
    }

    private static func plainly(_ text: String, _ merges: [(String, String)]) -> [String] {
        var parts = text.map(String.init)
        for _ in parts {
            let best = parts.indices.dropLast().compactMap { left in
                merges.firstIndex { $0 == (parts[left], parts[left + 1]) }.map { ($0, left) }
            }.min { $0 < $1 }
            guard let (_, left) = best else { break }
            parts[left] += parts.remove(at: left + 1)
        }
        return parts
    }

    /// Each character is a candidate at most three times: once at first, twice when a merge makes it
    /// a neighbour. Time per candidate is logarithmic.
    @Test(arguments: [
        ("bpe-gpt2", "a"), ("bpe-gpt2", " "), ("bpe-llama3", "ab"), ("bpe-o200k", "A"),
        ("spm-bpe", "a"), ("spm-bpe", " "), ("spm-bpe-metaspace", "the"), ("bpe-qwen2", "今"),
    ])
    func stepsGrowNoFasterThanTheText(kind: String, part: String) throws {
        let tokenizer = try #require(try Fixtures.tokenizer(kind) as? any StepCounting)
        for length in [100, 10_000, 300_000] {
            let text = String(repeating: part, count: length / part.utf8.count)
            let steps = try tokenizer.encodeCountingSteps(
                text.utf8.span, addSpecial: false, parseSpecial: false
            ).steps
            #expect(steps <= 3 * length)
        }
    }

    @Test func aWordThatIsATokenNeedsNoMergesWhereTheVocabularySaysSo() throws {
        var file = ByteLevelVocabulary.gguf(
            merges: [("t", "h"), ("h", "i"), ("t", "hi")], control: ["<bos>"], pre: "llama-bpe")
        file.bos = 259
        #expect(try Tokenizers.load(gguf: file).pieces("thi") == ["thi"])
        file.pre = "gpt-2"
        #expect(try Tokenizers.load(gguf: file).pieces("thi") == ["th", "i"])
    }
}

/// A small generator whose numbers are the same on every machine: SplitMix64.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
