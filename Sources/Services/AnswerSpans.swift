package import JSON

/// The stretches of passages that answer a question, as the task `answer` of a model finds them.
package struct AnswerSpans: Sendable, Equatable {
    /// A stretch of a passage.
    package struct Span: Sendable, Equatable {
        package let passage: Int
        /// In Unicode code points.
        package let start: Int
        package let end: Int
        package let text: String
        package let score: Float?
    }

    /// The best answer; nil where the passages hold none.
    package let text: String?
    /// How sure the model is of that.
    package let score: Float?
    /// Best first, without those of passages that there are not.
    package let spans: [Span]

    /// How many spans are requested; the best is the answer.
    private static let told = 3

    /// What the task is given.
    ///
    /// - Parameter longest: of a span, in tokens.
    package static func input(
        question: String, passages: [String], longest: Int
    ) -> JSONValue {
        [
            "question": .string(question), "passages": .array(passages.map { .string($0) }),
            "top_k": .integer(told), "max_answer_tokens": .integer(longest),
        ]
    }

    /// - Parameters:
    ///   - events: spans, best first, and among them, by its rank, that there is none.
    ///   - count: of the passages.
    package init(_ events: [JSONValue], passages count: Int) {
        let best = events.first
        text = best?["no_answer"]?.bool == true ? nil : best?["text"]?.string
        score = best?["score"]?.number.map { Float($0) }
        spans = events.compactMap(Span.init).filter { (0..<count).contains($0.passage) }
    }
}

extension AnswerSpans.Span {
    fileprivate init?(_ event: JSONValue) {
        guard let passage = event["passage"]?.integer, let start = event["start"]?.integer,
            let end = event["end"]?.integer, let text = event["text"]?.string
        else { return nil }
        self.passage = passage
        self.start = start
        self.end = end
        self.text = text
        score = event["score"]?.number.map { Float($0) }
    }
}
