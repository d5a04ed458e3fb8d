import Engine
import SearchCollections

/// Passages for answers out of the collections: the text columns of the rows that are found.
struct CollectionPassages: PassageSource {
    let store: CollectionStore

    func passages(
        in collection: String, for question: String, most: Int
    ) async throws -> [Passage] {
        let text = try await store.describe(collection).text
        let answer = try await store.query(
            collection, CollectionQuery(question, mode: try await mode(collection), count: most))
        return answer.hits.map { hit in
            let row = hit.document.row
            return Passage(
                id: .string(hit.document.id), text: Self.text(row, text), row: .object(row),
                score: Float(hit.score))
        }
    }

    /// By meaning, since the words that most questions share ("how", "does") would bring in rows that share
    /// nothing else; by words too while rows lack their vectors, and alone where there are none.
    private func mode(_ collection: String) async throws -> CollectionQuery.Mode {
        switch try await store.describe(collection).state {
        case .ready: .vector
        case .embedding: .hybrid
        case .stale, .failed: .text
        }
    }

    private static func text(_ row: JSONObject, _ columns: [String]) -> String {
        columns.compactMap { row[$0] }
            .map { $0.string ?? ($0.isNull ? "" : $0.serialized()) }
            .filter { !$0.isEmpty }.joined(separator: "\n")
    }
}
