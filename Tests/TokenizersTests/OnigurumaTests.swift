import FoundationEssentials
import Testing
@_spi(Testing) import Tokenizers

/// Patterns of tokenizer.json, which mean what Oniguruma takes them for.
@Suite struct OnigurumaTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let pattern: String
            let text: String
            /// What the pattern finds, without what is empty.
            let matches: [String]
            /// The text, cut at both ends of every match.
            let pieces: [String]
        }

        let cases: [Case]
        let refused: [String]
    }

    private static func golden() throws -> Golden {
        try JSONDecoder().decode(
            Golden.self, from: Fixtures.data("\(Fixtures.own)/patterns/oniguruma.json"))
    }

    /// The words of a text that is cut by a pattern.
    private func words(
        _ text: String, _ pattern: String, behavior: String = "Isolated", inverted: Bool = false
    ) throws -> [String] {
        let tokenizer = try tokenizer(pattern, behavior: behavior, inverted: inverted)
        let stages = try #require(tokenizer as? any StageShowing)
        return try stages.words(ofNormalized: Array(text.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private func tokenizer(
        _ pattern: String, behavior: String = "Isolated", inverted: Bool = false
    ) throws -> any Tokenizer {
        let quoted = String(decoding: try JSONEncoder().encode(pattern), as: UTF8.self)
        return try Fixtures.withDirectory([
            "tokenizer.json": """
            {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": \(quoted)},
                               "behavior": "\(behavior)", "invert": \(inverted)}}
            """
        ]) { try Tokenizers.load(directory: $0) }
    }

    @Test func everyPatternFindsWhatOnigurumaFinds() throws {
        let golden = try Self.golden()
        #expect(golden.cases.count > 200)
        for example in golden.cases {
            let place = "\(example.pattern) in \(example.text.debugDescription)"
            #expect(throws: Never.self, "\(place)") {
                let matches = try words(
                    example.text, example.pattern, behavior: "Removed", inverted: true)
                #expect(matches == example.matches, "\(place)")
                let pieces = try words(example.text, example.pattern)
                #expect(pieces == example.pieces, "\(place)")
            }
        }
    }

    @Test func whatOnigurumaRefusesIsRefused() throws {
        for pattern in try Self.golden().refused {
            #expect(throws: TokenizerError.self, "\(pattern)") { try tokenizer(pattern) }
        }
    }

    @Test(arguments: [
        (#"(?~ab)"#, "the absent operator (?~…)"), (#"(a)?(?(1)b|c)"#, "the condition (?(…)"),
        (#"(*FAIL)"#, "the callout (*…)"), (#"a(?{x})"#, "the callout (?{…)"),
        (#"\y"#, #"the border of text segments \y"#), (#"(?W)\w"#, "the option (?W)"),
        (#"(?<n>a)\g<n>"#, #"the call of a group \g<n>"#),
        (#"\p{In_Basic_Latin}"#, #"the property \p{In_Basic_Latin}"#),
        (#"\x{41 42}"#, "'41 42' is the number of no character"), (#"\M-A"#, "control character"),
        (#"a{3,2}"#, "a quantifier from 3 to 2"), (#"[a&&]"#, "an empty class"),
        (#"[a-[b]]"#, "a range up to a set"), (#"(?<=a+)d"#, "lookbehind"),
        (#"(?i)ss"#, "ligature"), (#"(?i)[ß]"#, "either case"), (#"(?i)[\p{Lu}]"#, "one case"),
        (#"(?i)[a-c&&[^B]]"#, "classes in classes"), (#"(a"#, "a group has no end"),
        (String(repeating: "(", count: 5000), "nest more than"),
        (String(repeating: "[", count: 5000) + "a", "nest more than"),
    ])
    func whatPCRE2CannotSayIsRefusedByName(pattern: String, reason: String) throws {
        let error = #expect(throws: TokenizerError.self) { try tokenizer(pattern) }
        let description = error?.description ?? ""
        #expect(description.contains(reason), "\(description.suffix(200))")
        #expect(description.contains("tokenizer.json"))
    }

    @Test func anEmptyMatchCutsForEveryBehavior() throws {
        for behavior in ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext"] {
            #expect(try words("abcb", "(?=b)", behavior: behavior) == ["a", "bc", "b"])
        }
    }
}
