import Engine
import Hummingbird
import Services

/// The source of passages for requests without their own.
package protocol PassageSource: Sendable {
    /// - Returns: at most `most` passages of a collection, best first.
    /// - Throws: `CollectionError`, as for a collection that is not there.
    func passages(
        _ search: CollectionSearch, for question: String, most: Int
    ) async throws -> [Passage]
}

/// Finds the passages to answer from, the most promising first.
struct PassageSearch: Sendable {
    let work: VectorWork
    let source: (any PassageSource)?

    /// How many passages of a collection a reranker sees for each that it may keep.
    private static let width = 4

    func passages(
        for asked: AnswerRequest, _ context: HTTPContext
    ) async throws -> [Passage] {
        switch asked.origin {
        case .given(let passages): try await ordered(passages, asked, context)
        case .collection(let search): try await found(search, asked, context)
        }
    }

    private func found(
        _ search: CollectionSearch, _ asked: AnswerRequest, _ context: HTTPContext
    ) async throws -> [Passage] {
        guard let source else { throw APIError.unknown("this host keeps no collections") }
        let top = asked.top ?? AnswerRequest.usual
        let reranker = asked.rerankModel ?? work.models.preferred(for: .rerank)
        let most = reranker == nil ? top : top * Self.width
        let question = asked.question
        let passages = try await work.workload.run(for: context.channel) {
            try await source.passages(search, for: question, most: most)
        }
        guard let reranker else { return passages }
        return Array(try await ranked(passages, asked, by: reranker, context).prefix(top))
    }

    /// Given passages are reordered if a model can, and cut if requested.
    private func ordered(
        _ passages: [Passage], _ asked: AnswerRequest, _ context: HTTPContext
    ) async throws -> [Passage] {
        let top = asked.top ?? passages.count
        let ranker =
            asked.rerankModel ?? work.models.preferred(for: .rerank)
            ?? (top < passages.count ? work.models.preferred(for: .embeddings) : nil)
        guard let ranker, passages.count > 1 else { return Array(passages.prefix(top)) }
        return Array(try await ranked(passages, asked, by: ranker, context).prefix(top))
    }

    private func ranked(
        _ passages: [Passage], _ asked: AnswerRequest, by model: String, _ context: HTTPContext
    ) async throws -> [Passage] {
        guard !passages.isEmpty else { return [] }
        let question = asked.question
        let relevance = try await work.run(model, for: .rerank, .embeddings, in: context) {
            try await $0.relevance(of: passages.map(\.text), to: question)
        }
        return relevance.ranking.map { index in
            var passage = passages[index]
            passage.score = relevance.scores[index]
            return passage
        }
    }
}
