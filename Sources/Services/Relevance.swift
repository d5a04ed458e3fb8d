package import Engine

/// How relevant documents are to a query, by a cross-encoder or, if there is none, by comparing
/// embeddings.
package struct Relevance: Sendable {
    /// What made the scores.
    package enum Method: String, Sendable {
        /// Reads query and document together.
        case crossEncoder = "cross-encoder"
        /// Compares two separate embeddings.
        case biEncoder = "bi-encoder"
    }

    package let method: Method
    /// One for each document, larger is better.
    package let scores: [Float]
    /// What was read of each document: by a cross-encoder with the query.
    package let readings: [TextReading]
    /// How much was read of the query alone.
    package let queryReadings: [TextReading]

    /// By a cross-encoder.
    ///
    /// - Parameter areScores: keeps the logits as they are.
    package init(logits: [Float], readings: [TextReading], areScores: Bool) {
        method = .crossEncoder
        scores = areScores ? logits : logits.map(\.sigmoid)
        self.readings = readings
        queryReadings = []
    }

    /// By the embeddings of query and documents.
    package init(
        query: [Float], _ queryReadings: [TextReading], documents: [[Float]],
        _ readings: [TextReading]
    ) {
        method = .biEncoder
        scores = documents.map { query.cosine(with: $0) }
        self.readings = readings
        self.queryReadings = queryReadings
    }

    /// - Parameter isRaw: keeps a cross-encoder's logits as they are.
    package init(
        of documents: [String], to query: String, by engine: VectorEngine, _ method: Method,
        isRaw: Bool = false
    ) async throws {
        switch method {
        case .crossEncoder:
            let found = try await engine.scores(query: query, documents: documents)
            self.init(
                logits: found.scores, readings: found.readings,
                areScores: isRaw || engine.info.scoreActivation == "identity")
        case .biEncoder:
            let asked = try await engine.embed([.text(query)], purpose: .query)
            let found = try await engine.embed(documents.map { .text($0) }, purpose: .passage)
            self.init(
                query: asked.vectors[0], asked.readings, documents: found.vectors, found.readings)
        }
    }

    package var tokens: Int { readings.tokens + queryReadings.tokens }

    /// The indices of the documents, best first; equal ones in the order in which they were given.
    package var ranking: [Int] { scores.ranking }
}
