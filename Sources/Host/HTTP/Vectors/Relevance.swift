import Engine
import JSON
import PluginHost
import Services

/// How relevant documents are to a query, by a cross-encoder or, if there is none, by comparing
/// embeddings.
struct Relevance: Sendable {
    /// What made the scores.
    enum Method: String, Sendable {
        /// Reads query and document together.
        case crossEncoder = "cross-encoder"
        /// Compares two separate embeddings.
        case biEncoder = "bi-encoder"
    }

    let method: Method
    /// One for each document, larger is better.
    let scores: [Float]
    /// What was read of each document: by a cross-encoder with the query.
    let readings: [TextReading]
    /// What was read of the query by itself.
    private let query: [TextReading]

    var tokens: Int { readings.tokens + query.tokens }

    /// Whether the end of anything was cut off.
    var truncated: JSONValue { (readings + query).truncated }

    /// - Parameter isRaw: keeps a cross-encoder's logits as they are.
    init(
        of documents: [String], to query: String, _ hold: ModelHold<VectorEngine>,
        isRaw: Bool = false
    ) async throws {
        let engine = hold.engine
        if hold.purpose == .rerank {
            method = .crossEncoder
            let result = try await engine.scores(query: query, documents: documents)
            self.query = []
            let isLogit = isRaw || engine.info.scoreActivation == "identity"
            scores = isLogit ? result.scores : result.scores.map(\.sigmoid)
            readings = result.readings
        } else {
            method = .biEncoder
            let asked = try await engine.embed([.text(query)], purpose: .query)
            let found = try await engine.embed(documents.map { .text($0) }, purpose: .passage)
            scores = found.vectors.map { asked.vectors[0].cosine(with: $0) }
            readings = found.readings
            self.query = asked.readings
        }
    }

    /// Refuses inputs that would be cut.
    static func check(
        _ documents: [String], to query: String, _ hold: ModelHold<VectorEngine>,
        _ name: (Int) -> String
    ) async throws {
        if hold.purpose == .rerank {
            try await hold.engine.requireWhole(documents, with: .query(query), name)
        } else {
            try await hold.engine.requireWhole([query], purpose: .query) { _ in "query" }
            try await hold.engine.requireWhole(documents, purpose: .passage, name)
        }
    }

    /// The indices of the documents, best first; equal ones in the order in which they were given.
    var ranking: [Int] {
        scores.ranking
    }
}
