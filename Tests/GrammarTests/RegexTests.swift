import Grammar
import Testing

@Suite struct RegexTests {
    @Test(arguments: [
        ("a(b|c)*d{2,3}", ["add", "abcddd"], ["ad", "adddd", ""]),
        ("^[^a-c]+\\d$", ["xyz1", "é9"], ["a1", "x"]),
        ("(?!foo)[a-z]+", ["bar", "fo"], ["foo", "foobar"]),
        ("(?=.*\\d)[a-z0-9]{3}", ["a1b", "ab1"], ["abc", "a1"]),
        ("(?i)hello|\\p{Lu}x", ["HeLLo", "Éx"], ["hell", "éx"]),
        ("[\\w.-]+@\\w+", ["a.b-c@d"], ["@d", "a b@d"]),
        ("\\u00e9\\x41(?:x|y)?", ["éA", "éAy"], ["éAxy"]),
        ("(?P<year>\\d{4})-(?<month>\\d\\d)", ["2026-12"], ["2026-1"]),
    ])
    func anExpressionMatchesWholeTexts(
        _ pattern: String, _ matching: [String], _ others: [String]
    ) throws {
        let grammar = try Grammar(.regex(pattern))
        for text in matching { #expect(grammar.matches(text), "\(text)") }
        for text in others { #expect(!grammar.matches(text), "\(text)") }
    }

    @Test(arguments: [
        ("a(", 1), ("a{5,2}", 0), ("ab[z-a]", 6), ("\\1", 0), ("a)", 1), ("(?<=a)b", 0),
        ("é\\q", 2),
        ("*a", 0), ("[a", 0),
    ])
    func aBrokenExpressionIsRefusedWithItsPlace(_ pattern: String, _ offset: Int) {
        let error = #expect(throws: GrammarError.self) { try Grammar(.regex(pattern)) }
        #expect(error?.place == .offset(offset), "\(pattern): \(String(describing: error))")
    }

    @Test(arguments: [
        "((a{0,100}){0,100}){0,100}", "(a|b)*a(a|b){40}", "(.*a.{0,100}){5}",
    ])
    func anExpressionOfExponentialSizeIsRefused(_ pattern: String) {
        #expect(throws: GrammarError.self) { try Grammar(.regex(pattern)) }
    }

    @Test(arguments: ["(", "a", "[", "a|", "(a)*"])
    func aVeryLongExpressionIsRefused(_ part: String) {
        let pattern = String(repeating: part, count: (10 << 20) / part.utf8.count)
        #expect(throws: GrammarError.self) { try Grammar(.regex(pattern)) }
    }
}
