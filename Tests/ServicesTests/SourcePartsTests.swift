import Services
import Testing

@Suite struct SourcePartsTests {
    /// A token a character, and one that ends every source.
    private func parts(_ text: String, limit: Int) async throws -> [String] {
        try await SourceParts(limit: limit, count: { $0.count + 1 }).parts(of: text)
    }

    @Test func aTextThatFitsIsLeftWhole() async throws {
        #expect(try await parts("One. Two.", limit: 10) == ["One. Two."])
    }

    @Test func aTextOfTooManyPartsIsRefused() async throws {
        let text = String(repeating: "a bee. ", count: 100)
        await #expect(throws: SourceParts.TooLong(tokens: 701, most: 640)) {
            try await parts(text, limit: 10)
        }
    }

    @Test func partsEndWithSentences() async throws {
        let text = "One bee. Two bees! (Three?) \"Four.\" Five\nsix 7.5 seven"
        #expect(
            SourceParts.sentences(of: text) == [
                "One bee. ", "Two bees! ", "(Three?) ", "\"Four.\" ", "Five\n", "six 7.5 seven",
            ])
        #expect(
            try await parts(text, limit: 20) == [
                "One bee. Two bees! ", "(Three?) \"Four.\" ", "Five\nsix 7.5 seven",
            ])
    }

    @Test func aParagraphOfSomeLengthEndsItsPart() async throws {
        let (bee, hive) = ("A bee hums in the may.\n\n", "A hive.\n\n")
        #expect(try await parts(bee + hive + hive + bee, limit: 50) == [bee, hive + hive, bee])
        #expect(try await parts(bee + bee, limit: 50) == [bee + bee])
    }

    @Test func aLongSentenceIsCutBetweenWords() async throws {
        let text = "one two three four five six seven"
        let found = try await parts(text, limit: 12)
        #expect(found == ["one two ", "three four ", "five six ", "seven"])
    }

    /// Whatever the text, nothing is lost and nothing is too long.
    @Test(arguments: 0..<40) func partsAreTheTextAndFit(seed: UInt64) async throws {
        var random = SplitMix(state: seed)
        let alphabet = Array("ab .!\n\"é🐝")
        let text = String((0..<300).map { _ in alphabet.randomElement(using: &random)! })
        let limit = Int.random(in: 6...80, using: &random)
        let found = try await parts(text, limit: limit)
        #expect(found.joined() == text)
        #expect(found.allSatisfy { $0.count + 1 <= limit && !$0.isEmpty })
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            return bits ^ (bits >> 31)
        }
    }
}
