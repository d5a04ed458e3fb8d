import JSON
import Services
import Testing

@Suite struct AnswerSpansTests {
    private let span: JSONValue = [
        "passage": 1, "text": "Paris", "start": 25, "end": 30, "score": 0.75,
    ]
    private let none: JSONValue = ["no_answer": true, "score": 0.5]

    @Test func theBestSpanIsTheAnswer() {
        let found = AnswerSpans([span, none], passages: 2)
        #expect(found.text == "Paris" && found.score == 0.75)
        #expect(found.spans.map(\.passage) == [1] && found.spans[0].start == 25)
    }

    @Test func whereNoAnswerIsLikelierThereIsNoneButTheSpansAreTold() {
        let found = AnswerSpans([none, span], passages: 2)
        #expect(found.text == nil && found.score == 0.5 && found.spans.count == 1)
        let nothing = AnswerSpans([], passages: 2)
        #expect(nothing.text == nil && nothing.score == nil && nothing.spans.isEmpty)
    }

    @Test func aSpanOfAPassageThatThereIsNotIsLeftOut() {
        #expect(AnswerSpans([span], passages: 1).spans.isEmpty)
        #expect(AnswerSpans([["passage": -1, "text": "a"]], passages: 1).spans.isEmpty)
    }

    @Test func theTaskIsGivenItsPassagesAndTheLongestSpan() {
        let input = AnswerSpans.input(question: "Where?", passages: ["a", "b"], longest: 7)
        #expect(input["question"] == "Where?" && input["passages"] == ["a", "b"])
        #expect(input["max_answer_tokens"] == 7 && input["top_k"] == 3)
    }
}
