import Engine
import JSON
import Services

/// Finds the span of a passage that answers a question.
struct ExtractiveAnswer: AnswerWork {
    let asked: AnswerRequest
    /// Nil for the default of the capability.
    let model: String?
    let passages: [Passage]
    let work: VectorWork
    let context: HTTPContext

    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue {
        let input = AnswerSpans.input(
            question: asked.question, passages: passages.map(\.text), longest: asked.spanTokens)
        let (name, events) = try await work.run(model, for: .answer, in: context) { hold in
            let events = try hold.engine.run(task: "answer", input: input)
            return (hold.name, try await events.reduce(into: []) { $0.append($1) })
        }
        let found = AnswerSpans(events, passages: passages.count)
        if let text = found.text { try await emit(text) }
        return AnswerResult(
            mode: .extract, model: name, text: found.text, score: found.score,
            sources: found.spans.map(source)
        ).json
    }

    /// A passage, and where in it the span lies, in Unicode code points.
    private func source(_ span: AnswerSpans.Span) -> JSONObject {
        var source = passages[span.passage].json
        source["start"] = .integer(span.start)
        source["end"] = .integer(span.end)
        source["score"] = span.score.map { .number($0.decimal) }
        source["answer"] = .string(span.text)
        return source
    }
}
