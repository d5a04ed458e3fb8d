import Engine
import JSON
import Services

/// Makes a chat model answer a question from numbered passages.
struct GroundedAnswer: AnswerWork {
    private let hold: ModelHold<TextServing>
    private let choices: Choices
    /// Those that fit into the model's context.
    private let passages: [Passage]
    private let workload: Workload
    private let context: HTTPContext

    /// Puts the request into the model's queue.
    init(
        _ asked: AnswerRequest, _ passages: [Passage], _ hold: ModelHold<TextServing>,
        _ workload: Workload, _ context: HTTPContext
    ) async throws {
        let serving = hold.engine
        let prompt = GroundedPrompt(question: asked.question) { try await serving.tokens(of: $0) }
        var (fitting, request) = try await prompt.request(
            over: passages.map(\.text), context: serving.engine.contextLength,
            longest: asked.textTokens)
        self.hold = hold
        self.passages = zip(passages, fitting).map { passage, text in
            var passage = passage
            passage.text = text
            return passage
        }
        self.workload = workload
        self.context = context
        context.stamp(&request, asked: asked.priority)
        choices = try Choices([request], engine: serving.engine)
    }

    func run(_ emit: (String) async throws -> Void) async throws -> JSONValue {
        var text = ""
        var sum = UsageSum()
        try await workload.run(for: context.channel, cancel: choices.cancel) {
            try await choices.forEach { _, event in
                switch event {
                case .text(let piece, _):
                    text += piece
                    try await emit(piece)
                case .prompt, .mark: break  // Neither is asked for.
                case .finished(_, let usage):
                    sum.add(usage, isFirst: true)
                }
            }
        }
        context.record.note(sum)
        return AnswerResult(
            mode: .generate, model: hold.name, text: text, score: nil,
            sources: sources(citedIn: text), usage: sum.json
        ).json
    }

    /// The passages, each with whether the answer names its number.
    private func sources(citedIn text: String) -> [JSONObject] {
        let cited = GroundedPrompt.citations(in: text)
        return passages.enumerated().map { index, passage in
            var source = passage.json
            source["score"] = passage.score.map { .number($0.decimal) }
            source["cited"] = .bool(cited.contains(index + 1))
            return source
        }
    }
}

extension TextServing {
    /// The tokens of a chat by the model's own template.
    fileprivate func tokens(of messages: [GroundedPrompt.Message]) async throws -> [Int32] {
        let conversation = Conversation(
            messages: messages.map { .init(role: $0.role, content: [.text($0.content)]) })
        do {
            return try await prompt.tokens(of: conversation, engine: engine)
        } catch APIError.refused(let reason) {
            throw GroundedPrompt.Refusal(reason: reason)
        }
    }
}
