import Services
import Testing

@Suite struct LabelScoresTests {
    private func isClose(_ found: [Float], _ expected: [Float]) -> Bool {
        found.count == expected.count
            && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }
    }

    @Test func trainedLabelsShareOneUnlessSeveralMayHold() {
        #expect(isClose(LabelScores.trained([0, 0], isMultiLabel: false), [0.5, 0.5]))
        // ln 3: a chance of three to one.
        #expect(isClose(LabelScores.trained([0, 1.0986123], isMultiLabel: false), [0.25, 0.75]))
        #expect(isClose(LabelScores.trained([0, 1.0986123], isMultiLabel: true), [0.5, 0.75]))
        #expect(isClose(LabelScores.trained([1.0986123], isMultiLabel: false), [0.75]))
    }

    @Test func theCloserLabelScoresHigher() {
        let labels: [[Float]] = [[1, 0], [0, 1], [-1, 0]]
        let one = LabelScores.zeroShot(text: [2, 0], labels: labels, isMultiLabel: false)
        #expect(abs(one.reduce(0, +) - 1) < 1e-5)
        #expect(one.ranking == [0, 1, 2])
        #expect(
            LabelScores.zeroShot(text: [2, 0], labels: labels, isMultiLabel: true) == [1, 0, 0])
        #expect(
            LabelScores.zeroShot(text: [0, 0], labels: [[1, 0]], isMultiLabel: true) == [0])
    }

    @Test func entailmentIsComparedAmongLabelsOrWithItsContradiction() {
        // Contradiction, neutral, entailment.
        let logits: [[Float]] = [[0, 9, 1.0986123], [1.0986123, 9, 0]]
        #expect(
            isClose(LabelScores.entailed(logits, entailment: 2, isMultiLabel: false), [0.75, 0.25]))
        #expect(
            isClose(LabelScores.entailed(logits, entailment: 2, isMultiLabel: true), [0.75, 0.25]))
        #expect(
            isClose(LabelScores.entailed(logits, entailment: 0, isMultiLabel: true), [0.25, 0.75]))
        #expect(
            isClose(
                LabelScores.entailed([logits[0]], entailment: 2, isMultiLabel: false), [0.75]))
    }

    @Test func largeLogitsDoNotOverflow() {
        #expect(isClose(LabelScores.trained([1e4, 0, -1e4], isMultiLabel: false), [1, 0, 0]))
        #expect(isClose(LabelScores.trained([1e4, -1e4], isMultiLabel: true), [1, 0]))
    }

    @Test func equalScoresKeepTheirOrder() {
        #expect(([0.5, 1, 0.5, 1] as [Float]).ranking == [1, 3, 0, 2])
    }
}
