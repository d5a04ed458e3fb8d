import Grammar
import Testing

@Suite struct CompositionTests {
    private func expect(
        _ expression: GrammarExpression, matches: [String], not others: [String],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let grammar = try Grammar(expression)
        for text in matches {
            #expect(grammar.matches(text), "\(text)", sourceLocation: location)
        }
        for text in others {
            #expect(!grammar.matches(text), "\(text)", sourceLocation: location)
        }
    }

    @Test func aRepetitionHasItsLimits() throws {
        try expect(
            .repeated(.literal("ab"), 1...3), matches: ["ab", "ababab"],
            not: ["", "aba", "abababab"])
    }

    @Test func anyTextGoesOnUntilItsEndAndNoFurther() throws {
        try expect(
            .sequence([.textUntil(["<t>"]), .literal("x"), .textWithout(["<t>"])]),
            matches: ["hello <<t>x", "<t>xabc"], not: ["<t>x<t>", "abc", "<t>y"])
    }

    @Test func ofTextsWithTheSameBeginningEachMatches() throws {
        try expect(
            .oneOf(["yes", "yesterday", "no"]), matches: ["yes", "yesterday", "no"],
            not: ["yest", "n", ""])
    }

    @Test func aChoiceOfNothingIsRefused() {
        #expect(throws: GrammarError.self) { try Grammar(.choice([])) }
    }
}
