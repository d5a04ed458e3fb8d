import JSON
package import SearchCollections

/// Which rows of a collection may contain the answer.
package struct CollectionSearch: Sendable {
    package var collection: String
    /// Nil for the best available: by meaning, or by words if there are no vectors.
    package var mode: CollectionQuery.Mode?
    package var minimumScore: Double?
    package var filter: Filter?
}

/// Passages from the collections: the text columns of the rows found.
struct CollectionPassages: PassageSource {
    let store: CollectionStore

    func passages(
        _ search: CollectionSearch, for question: String, most: Int
    ) async throws -> [Passage] {
        let collection = try await store.describe(search.collection)
        let query = CollectionQuery(
            question, mode: search.mode ?? Self.mode(collection.state), count: most,
            minimumScore: search.minimumScore, filter: search.filter)
        return try await store.query(search.collection, query).hits.map { hit in
            let row = hit.document.row
            return Passage(
                id: .string(hit.document.id),
                text: EmbeddedText.of(row, columns: collection.text), row: .object(row),
                score: Float(hit.score))
        }
    }

    /// By meaning, since the words that most questions share ("how", "does") would bring in rows
    /// that share nothing else; also by words while some rows lack vectors, and only by words if
    /// there are none.
    private static func mode(_ state: CollectionDescription.State) -> CollectionQuery.Mode {
        switch state {
        case .ready: .vector
        case .embedding: .hybrid
        case .stale, .failed: .text
        }
    }
}
