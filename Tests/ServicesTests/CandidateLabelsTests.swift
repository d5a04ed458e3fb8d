import Engine
import Services
import Testing

@Suite struct CandidateLabelsTests {
    private func reading(_ tokens: Int, _ isCut: Bool? = false) -> TextReading {
        TextReading(tokens: tokens, isCut: isCut)
    }

    @Test func eachTextIsPairedWithEachLabelInASentence() {
        let labels = CandidateLabels(["joy", "fear"], hypothesis: nil, isMultiLabel: false)
        let (premises, hypotheses) = labels.pairs(with: ["a", "b"])
        #expect(premises == ["a", "a", "b", "b"])
        #expect(
            hypotheses == [
                "This example is joy.", "This example is fear.", "This example is joy.",
                "This example is fear.",
            ])
        let own = CandidateLabels(["joy"], hypothesis: "It shows {}!", isMultiLabel: false)
        #expect(own.pairs(with: ["a"]).hypotheses == ["It shows joy!"])
    }

    @Test func aTextsScoresAreThoseOfItsOwnPairs() {
        let labels = CandidateLabels(["joy", "fear"], hypothesis: nil, isMultiLabel: false)
        // Contradiction and entailment of two texts with two labels.
        let found = labels.classes(
            logits: [[0, 5], [0, 5], [0, 9], [0, -9]],
            readings: [reading(1), reading(2), reading(3), reading(4, true)], entailment: 1)
        #expect(found.method == .entailment && found.labels == ["joy", "fear"])
        #expect(found.scores[0] == [0.5, 0.5])
        #expect(found.scores[1][0] > 0.999 && found.scores[1][1] < 0.001)
        #expect(found.readings == [reading(3), reading(7, true)] && found.tokens == 10)
    }

    @Test func severalLabelsMayApplyEachByItself() {
        let labels = CandidateLabels(["joy", "fear"], hypothesis: nil, isMultiLabel: true)
        let found = labels.classes(
            logits: [[-9, 9], [-9, 9]], readings: [reading(1), reading(1, nil)], entailment: 1)
        #expect(found.scores[0].allSatisfy { $0 > 0.999 })
        // A model that does not tell of one part does not tell of the whole.
        #expect(found.readings == [reading(2, nil)])
    }
}
