import Foundation
import PluginTesting
import TestFixtures
import Testing

/// The demo models of Models/ against what transformers computes from the same files.
struct DemoModelTests {
    /// Sums in another order, over six layers of width 128.
    private static let tolerance: Float = 1e-4

    private static func folder(_ name: String) -> String {
        TestFiles.root.appendingPathComponent("Models/\(name)").path
    }

    // MARK: - Labels

    private struct Labels: Decodable {
        struct Case: Decodable {
            let text: String
            let label: String
        }
        let cases: [Case]
    }

    @Test(arguments: ["sentiment", "topic"])
    func labelsAreTheReferences(name: String) throws {
        let golden = try Golden<Labels>(Self.folder(name))
        let model = try TestModel(Self.folder(name))
        let cases = golden.description.cases
        let found = try model.classify(cases.map(\.text))
        #expect(!found.isEmpty)
        #expect(largestDifference(found, golden.arrays["logits"].rows) <= Self.tolerance)
        for (logits, known) in zip(found, cases) {
            let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
            #expect(try model.label(best) == known.label, "\(known.text)")
        }
    }

    // MARK: - Answers

    private struct Answers: Decodable {
        struct Case: Decodable {
            let question: String
            let passage: String
            let answer: String
            let start: Int
            let end: Int
            let score: Double
            let noAnswer: Double
        }
        let maxAnswerTokens: Int
        let cases: [Case]
    }

    @Test func answersAndTheirScoresAreTheReferences() throws {
        let golden = try Golden<Answers>(Self.folder("answers")).description
        let model = try TestModel(Self.folder("answers"))
        for known in golden.cases {
            let events = try model.run(
                "answer",
                [
                    "question": known.question, "passages": [known.passage], "top_k": 1,
                    "max_answer_tokens": golden.maxAnswerTokens,
                ])
            let none = try #require(events.first { $0["no_answer"] as? Bool == true })
            let best = try #require(events.first { $0["no_answer"] == nil })
            #expect(best["text"] as? String == known.answer, "\(known.question)")
            #expect(best["start"] as? Int == known.start)
            #expect(best["end"] as? Int == known.end)
            #expect(isNear(best["score"], known.score), "\(known.question)")
            #expect(isNear(none["score"], known.noAnswer), "\(known.question)")
        }
    }

    private func isNear(_ found: Any?, _ expected: Double) -> Bool {
        guard let found = found as? Double else { return false }
        return abs(found - expected) <= 1e-3 * expected + 1e-6
    }
}
