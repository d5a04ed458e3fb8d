import Engine
import JSON

/// Lets a chat model answer a question from numbered passages.
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
        let engine = hold.engine.engine
        let longest = min(asked.textTokens, engine.contextLength / 2)
        let prompt = GroundedPrompt(question: asked.question, serving: hold.engine)
        let (fitting, tokens) = try await prompt.tokens(
            of: passages, room: engine.contextLength - longest)
        var request = GenerationRequest(prompt: tokens)
        request.sampling.temperature = 0
        request.maxTokens = longest
        self.hold = hold
        self.passages = fitting
        self.workload = workload
        self.context = context
        choices = try Choices([request], engine: engine)
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
        let cited = Set(text.matches(of: /\[(\d{1,3})\]/).compactMap { Int($0.1) })
        return passages.enumerated().map { index, passage in
            var source = passage.json
            source["score"] = passage.score.map { .number($0.decimal) }
            source["cited"] = .bool(cited.contains(index + 1))
            return source
        }
    }
}

/// The prompt of a grounded answer.
struct GroundedPrompt {
    let question: String
    let serving: TextServing

    private static let rule =
        "Answer the question from the numbered passages and from nothing else, in a sentence or two. "
        + "Behind what you say, name the passage that says so, like [1]. "
        + "If the passages do not hold the answer, say that you do not know."

    /// - Parameter room: tokens.
    /// - Returns: the passages that fit, the last one perhaps cut, and the prompt with them.
    func tokens(of passages: [Passage], room: Int) async throws -> ([Passage], [Int32]) {
        var kept = passages
        while true {
            let tokens = try await tokens(of: kept)
            if tokens.count <= room { return (kept, tokens) }
            let share = Double(room) / Double(tokens.count)
            guard let shorter = Self.shortened(kept, to: share) else {
                throw APIError.contextLengthExceeded(tokens: tokens.count, context: room)
            }
            kept = shorter
        }
    }

    /// Fewer passages, or the beginning of a single one; nil where nothing is left of it.
    private static func shortened(_ passages: [Passage], to share: Double) -> [Passage]? {
        guard passages.count == 1 else {
            let count = Int(Double(passages.count) * share)
            return Array(passages.prefix(max(1, min(passages.count - 1, count))))
        }
        var passage = passages[0]
        let length = Int(Double(passage.text.count) * share * 0.9)
        passage.text = String(passage.text.prefix(length))
        return length > 0 ? [passage] : nil
    }

    private func tokens(of passages: [Passage]) async throws -> [Int32] {
        let numbered = passages.enumerated().map { "[\($0 + 1)] \($1.text)" }
        let asking = numbered.joined(separator: "\n\n") + "\n\nQuestion: \(question)"
        do {
            return try await tokens([("system", Self.rule), ("user", asking)])
        } catch APIError.refused {
            // Some templates know no system role.
            return try await tokens([("user", Self.rule + "\n\n" + asking)])
        }
    }

    private func tokens(_ messages: [(role: String, content: String)]) async throws -> [Int32] {
        let objects = messages.map { message -> JSONValue in
            ["role": .string(message.role), "content": .string(message.content)]
        }
        let body = JSONObject([(key: "messages", value: .array(objects))])
        let chat = try ChatMessages(Fields(body))
        return try await serving.prompt.tokens(of: chat, engine: serving.engine)
    }
}
