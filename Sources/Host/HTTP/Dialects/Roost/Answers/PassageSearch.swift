import Engine
import Hummingbird

/// Where passages come from that a request does not bring along.
package protocol PassageSource: Sendable {
    /// - Returns: at most `most` passages of a collection, best first.
    /// - Throws: `CollectionError`, as for a collection that is not there.
    func passages(
        _ search: CollectionSearch, for question: String, most: Int
    ) async throws -> [Passage]
}

/// Finds the passages that an answer is looked for in, the most promising first.
struct PassageSearch: Sendable {
    let work: VectorWork
    let source: (any PassageSource)?

    /// How many passages of a collection a reranker gets to see for each that it may keep.
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

    /// Passages that were given are put in order where a model can, and cut where that was asked for.
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
            try await Relevance(of: passages.map(\.text), to: question, $0)
        }
        return relevance.ranking.map { index in
            var passage = passages[index]
            passage.score = relevance.scores[index]
            return passage
        }
    }
}
