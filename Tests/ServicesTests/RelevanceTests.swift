import Engine
import Services
import Testing

@Suite struct RelevanceTests {
    private let reading = TextReading(tokens: 3, isCut: false)

    @Test func aCrossEncodersLogitsBecomeProbabilitiesUnlessTheyAreTheScores() {
        let readings = [reading, reading]
        let found = Relevance(logits: [0, -100], readings: readings, areScores: false)
        #expect(found.method == .crossEncoder && found.scores[0] == 0.5 && found.scores[1] < 1e-6)
        #expect(found.tokens == 6)
        let raw = Relevance(logits: [0, -100], readings: readings, areScores: true)
        #expect(raw.scores == [0, -100] && raw.ranking == [0, 1])
    }

    @Test func embeddingsAreComparedByTheirDirection() {
        let found = Relevance(
            query: [1, 0], [reading], documents: [[0, 2], [3, 0], [-1, 0], [0, 1]],
            Array(repeating: reading, count: 4))
        #expect(found.method == .biEncoder && found.scores == [0, 1, -1, 0])
        // Equal ones stay in their order.
        #expect(found.ranking == [1, 0, 3, 2] && found.tokens == 15)
    }
}
