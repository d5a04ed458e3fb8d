package import Engine

/// Asks a chat model to answer a question from numbered passages and from nothing else.
package struct GroundedPrompt: Sendable {
    /// A message of the chat.
    package struct Message: Equatable, Sendable {
        package let role: String
        package let content: String
    }

    /// The model's template refuses the messages.
    package struct Refusal: Error {
        package let reason: String

        package init(reason: String) { self.reason = reason }
    }

    /// Not even the beginning of one passage fits.
    package struct TooLong: Error, Equatable {
        package let tokens: Int
        package let room: Int
    }

    private let question: String
    private let tokens: @Sendable ([Message]) async throws -> [Int32]

    /// - Parameter tokens: the tokens of a chat as the model reads it; throws `Refusal` for
    ///   messages that its template refuses.
    package init(
        question: String, tokens: @escaping @Sendable ([Message]) async throws -> [Int32]
    ) {
        self.question = question
        self.tokens = tokens
    }

    private static let rule =
        "Answer the question from the numbered passages and from nothing else, in a sentence or two. "
        + "Behind what you say, name the passage that says so, like [1]. "
        + "If the passages do not hold the answer, say that you do not know."

    /// What to ask the model for: the likeliest answer, and room for it in the context.
    ///
    /// - Parameters:
    ///   - context: tokens that the model holds.
    ///   - longest: tokens of the answer.
    /// - Returns: the passages that fit, and the request with them.
    /// - Throws: as `fitting`.
    package func request(
        over passages: [String], context: Int, longest: Int
    ) async throws -> (passages: [String], request: GenerationRequest) {
        let longest = min(longest, context / 2)
        let (fitting, tokens) = try await fitting(passages, room: context - longest)
        var request = GenerationRequest(prompt: tokens)
        request.sampling.temperature = 0
        request.maxTokens = longest
        return (fitting, request)
    }

    /// - Parameter room: tokens.
    /// - Returns: the passages that fit, the last one perhaps cut, and the prompt with them.
    /// - Throws: `TooLong`, and what `tokens` throws.
    package func fitting(
        _ passages: [String], room: Int
    ) async throws -> (passages: [String], tokens: [Int32]) {
        var kept = passages
        while true {
            let tokens = try await tokens(of: kept)
            if tokens.count <= room { return (kept, tokens) }
            let share = Double(room) / Double(tokens.count)
            guard let shorter = Self.shortened(kept, to: share) else {
                throw TooLong(tokens: tokens.count, room: room)
            }
            kept = shorter
        }
    }

    /// Fewer passages, or the beginning of a single one; nil if nothing is left of it.
    private static func shortened(_ passages: [String], to share: Double) -> [String]? {
        if passages.count > 1 {
            let count = Int(Double(passages.count) * share)
            return Array(passages.prefix(max(1, min(passages.count - 1, count))))
        }
        guard let passage = passages.first else { return nil }
        let length = Int(Double(passage.count) * share * 0.9)
        return length > 0 ? [String(passage.prefix(length))] : nil
    }

    private func tokens(of passages: [String]) async throws -> [Int32] {
        let numbered = passages.enumerated().map { "[\($0 + 1)] \($1)" }
        let asking = numbered.joined(separator: "\n\n") + "\n\nQuestion: \(question)"
        do {
            return try await tokens([
                Message(role: "system", content: Self.rule),
                Message(role: "user", content: asking),
            ])
        } catch is Refusal {
            // Some templates know no system role.
            return try await tokens([
                Message(role: "user", content: Self.rule + "\n\n" + asking)
            ])
        }
    }

    /// The numbers of the passages that an answer names.
    package static func citations(in answer: String) -> Set<Int> {
        Set(answer.matches(of: /\[(\d{1,3})\]/).compactMap { Int($0.1) })
    }
}
