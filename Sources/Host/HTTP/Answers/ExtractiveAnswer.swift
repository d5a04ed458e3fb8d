import Engine
import JSON

/// Finds the span of a passage that answers a question.
struct ExtractiveAnswer: AnswerWork {
    let asked: AnswerRequest
    /// Nil for the default of the purpose.
    let model: String?
    let passages: [Passage]
    let work: VectorWork
    let context: HTTPContext

    /// How many spans are reported; the best is the answer.
    private static let told = 3

    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue {
        let input = input
        let (name, events) = try await work.run(model, for: .answer, in: context) { hold in
            var events: [JSONValue] = []
            for try await event in try hold.engine.run(task: "answer", input: input) {
                events.append(event)
            }
            return (hold.name, events)
        }
        let result = result(events, model: name)
        if let text = result.text { try await emit(text) }
        return result.json
    }

    private var input: JSONValue {
        [
            "question": .string(asked.question),
            "passages": .array(passages.map { .string($0.text) }),
            "top_k": .integer(Self.told), "max_answer_tokens": .integer(asked.spanTokens),
        ]
    }

    /// - Parameter events: spans, best first, with "no answer" among them at its rank.
    private func result(_ events: [JSONValue], model: String) -> AnswerResult {
        let isAnswered = events.first.map { $0["no_answer"]?.bool != true } ?? false
        return AnswerResult(
            mode: .extract, model: model, text: isAnswered ? events[0]["text"]?.string : nil,
            score: events.first?["score"]?.number.map { Float($0) },
            sources: events.compactMap(source))
    }

    /// A passage, and where in it the span lies, in Unicode code points.
    private func source(_ span: JSONValue) -> JSONObject? {
        guard let index = span["passage"]?.integer, passages.indices.contains(index) else {
            return nil
        }
        var source = passages[index].json
        for key in ["start", "end"] { source[key] = span[key] }
        source["score"] = span["score"]?.number.map { .number(Float($0).decimal) }
        source["answer"] = span["text"]
        return source
    }
}
