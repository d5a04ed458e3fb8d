import Grammar
import Testing

@Suite struct GBNFTests {
    @Test(arguments: [
        (
            "root ::= e\ne ::= e \"+\" t | t\nt ::= [0-9]+ | \"(\" e \")\"",
            ["1+2", "(1+2)+33"], ["1+", "+1", "(1"]
        ),
        ("root ::= (\"a\" | \"b\"){2,3} # twice or more\n", ["ab", "aba"], ["a", "abab"]),
        (
            "root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"x\"", ["aaxbc", "x"],
            ["axx", "aaxb"]
        ),
        ("root ::= (\n  [^\\n\"\\x41]\n  | \"\\\"\\u00e9\"\n)+\n", ["b\"é"], ["A", "\n"]),
        ("root ::= item (\",\" item)* \"\"\nitem ::= [a-z]{1,2}", ["a,bc"], ["a,", "abc"]),
        ("root ::= . opt?\nopt ::= \"!\"", ["é", "é!"], ["", "ab"]),
    ])
    func aGrammarMatchesWhatItSays(
        _ text: String, _ matching: [String], _ others: [String]
    ) throws {
        let grammar = try Grammar(.gbnf(text))
        for text in matching { #expect(grammar.matches(text), "\(text)") }
        for text in others { #expect(!grammar.matches(text), "\(text)") }
    }

    @Test(arguments: [
        ("root ::= \"x\" foo", GrammarError.Place.line(1, column: 14)),
        ("root ::= a\na ::= \"x", .line(2, column: 7)),
        ("root ::= a\na ::= b \"x\"\nb ::= a | \"\"", .rule("a")),
        ("root ::= \"a\" root", .whole),
        ("a ::= \"x\"", .whole),
        ("root ::= \"a\"\nroot ::= \"b\"", .line(2, column: 1)),
        ("root = \"a\"", .line(1, column: 6)),
        ("root ::= [a", .line(1, column: 10)),
    ])
    func aBrokenGrammarIsRefusedWithItsPlace(_ text: String, _ place: GrammarError.Place) {
        let error = #expect(throws: GrammarError.self) { try Grammar(.gbnf(text)) }
        #expect(error?.place == place, "\(text): \(String(describing: error))")
    }
}
