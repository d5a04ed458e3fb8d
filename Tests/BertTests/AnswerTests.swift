import Foundation
import PluginTesting
import Testing

/// The task `answer` against the rule and the numbers of the reference.
@Suite struct AnswerTests {
    private struct Description: Decodable {
        struct Answer: Decodable {
            let score: Double
            let start: Int
            let end: Int
            let answer: String
        }
        struct Case: Decodable {
            let question: String
            let context: String
            let answers: [Answer]
        }
        let maxLength: Int
        let strideOverlap: Int
        let maxAnswerTokens: Int
        let cases: [Case]
    }

    private func golden() throws -> Description {
        try Golden<Description>(Fixtures.find("qa")).description
    }

    private func model() throws -> TestModel {
        let golden = try golden()
        return try TestModel(
            Fixtures.find("qa"),
            """
            {"precision": "f32", "max_tokens": \(golden.maxLength), \
            "window_stride": \(golden.strideOverlap)}
            """)
    }

    private func spans(_ events: [[String: Any]]) -> [[String: Any]] {
        events.filter { $0["no_answer"] == nil }
    }

    @Test func theBestSpansAreTheReferences() throws {
        let (golden, model) = (try golden(), try model())
        for known in golden.cases {
            let events = try model.run(
                "answer",
                [
                    "question": known.question, "passages": [known.context], "top_k": 5,
                    "max_answer_tokens": golden.maxAnswerTokens,
                ])
            let spans = spans(events)
            #expect(spans.count == known.answers.count)
            for (span, expected) in zip(spans, known.answers) {
                #expect(span["text"] as? String == expected.answer)
                #expect(span["start"] as? Int == expected.start)
                #expect(span["end"] as? Int == expected.end)
                let score = try #require(span["score"] as? Double)
                // The reference writes 8 decimals; logits differ by 5e-5 at most.
                #expect(abs(score - expected.score) <= 1e-4 * expected.score + 1e-8)
            }
        }
    }

    @Test func thatThereIsNoneIsSaidOnceAndIsAProbability() throws {
        let (golden, model) = (try golden(), try model())
        for known in golden.cases {
            let events = try model.run(
                "answer", ["question": known.question, "passages": [known.context], "top_k": 3])
            let none = events.filter { $0["no_answer"] as? Bool == true }
            #expect(none.count == 1)
            let score = try #require(none.first?["score"] as? Double)
            #expect(score > 0 && score < 1)
        }
    }

    @Test func passagesAreRankedTogether() throws {
        let (golden, model) = (try golden(), try model())
        let passages = golden.cases.map(\.context)
        let question = golden.cases[0].question
        let alone = try passages.enumerated().flatMap { index, passage in
            try spans(
                model.run("answer", ["question": question, "passages": [passage], "top_k": 4])
            ).map { ($0["score"] as? Double ?? 0, index) }
        }
        let together = try spans(
            model.run("answer", ["question": question, "passages": passages, "top_k": 4]))
        let best = alone.sorted { $0.0 > $1.0 }.prefix(4)
        #expect(together.map { $0["passage"] as? Int } == best.map(\.1))
        #expect(together.map { $0["score"] as? Double ?? 0 } == best.map(\.0))
    }

    @Test func smallStepsComeToTheSameEnd() throws {
        let (golden, model) = (try golden(), try model())
        let input: [String: Any] = [
            "question": golden.cases[3].question, "passages": golden.cases.map(\.context),
        ]
        let whole = try model.run("answer", input, milliseconds: 60_000)
        let steps = try model.run("answer", input, milliseconds: 0)
        #expect(whole as NSArray == steps as NSArray)
    }

    @Test func withoutAPassageThereIsNoAnswer() throws {
        for passages in [[], [""]] {
            let events = try model().run(
                "answer", ["question": "Where?", "passages": passages])
            #expect(events.count == 1)
            #expect(events.first?["no_answer"] as? Bool == true)
            #expect(events.first?["score"] as? Double == 1)
        }
    }

    @Test(arguments: [
        "", "[]", #"{"question": "a"}"#, #"{"question": 1, "passages": []}"#,
        #"{"question": "a", "passages": ["b"], "top_k": 0}"#,
        #"{"question": "a", "passages": ["b"], "top_k": 1000000}"#,
        #"{"question": "a", "passages": ["b"], "max_answer_tokens": -1}"#,
    ])
    func aWrongInputIsAnArgumentError(json: String) throws {
        let error = #expect(throws: BoundaryError.self) { try model().run("answer", json: json) }
        #expect(error?.status == -1)
        #expect(error?.message.isEmpty == false)
    }

    @Test func aQuestionThatLeavesNoRoomIsAnError() throws {
        let question = String(repeating: "why ", count: 200)
        let error = #expect(throws: BoundaryError.self) {
            try model().run("answer", ["question": question, "passages": ["Because."]])
        }
        #expect(error?.message.isEmpty == false)
    }

    @Test func theModelSaysThatItAnswers() throws {
        let info = try TestModel(Fixtures.find("qa")).info()
        #expect(info["tasks"] as? [String] == ["answer"])
        #expect(info["max_tokens"] as? Int == 128)
    }
}
