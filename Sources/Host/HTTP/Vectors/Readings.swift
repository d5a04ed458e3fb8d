import Engine
import JSON
import PluginHost
import Services

/// How to treat a text that is longer than the model reads: `truncate` of a request.
enum LongTexts: Sendable {
    case cut
    case refuse

    /// True or false, or as NVIDIA's and Cohere's clients say it.
    init(_ fields: Fields) throws {
        switch fields.value("truncate") {
        case nil, .bool(true), "END": self = .cut
        case .bool(false), "NONE": self = .refuse
        case let value?:
            throw fields.wrong("truncate", value, expected: "true or false")
        }
    }
}

extension VectorEngine {
    /// Refuses texts that the model would cut.
    ///
    /// - Parameter name: the parameter that holds a text.
    /// - Throws: `APIError`, also for a model that does not tell.
    func requireWhole(
        _ texts: [String], with companions: Companions = .none,
        purpose: EmbeddingPurpose = .symmetric, _ name: (Int) -> String
    ) async throws {
        let found = try await countTokens(of: texts, with: companions, purpose: purpose)
        guard let found else {
            throw APIError.unsupported(
                param: "truncate", "is false, and this model does not tell what it cuts")
        }
        for (index, count) in found.enumerated() where count.whole > count.read {
            throw APIError.invalid(
                param: name(index),
                "has \(count.whole) tokens, expected up to \(count.read); shorten it, or leave "
                    + "'truncate' out")
        }
    }
}

extension JSONValue {
    /// `usage` of requests that generate nothing.
    static func usage(_ tokens: Int) -> JSONValue {
        ["prompt_tokens": .integer(tokens), "total_tokens": .integer(tokens)]
    }
}

extension [TextReading] {
    /// Whether the end of any text was cut off; null where a model does not tell.
    var truncated: JSONValue { isCut.map { .bool($0) } ?? .null }
}

extension Relevance {
    /// Whether the end of anything was cut off.
    var truncated: JSONValue { (readings + queryReadings).truncated }
}

extension ModelHold<VectorEngine> {
    /// How relevant documents are to a query, by what this model is held for.
    func relevance(
        of documents: [String], to query: String, isRaw: Bool = false
    ) async throws -> Relevance {
        try await Relevance(
            of: documents, to: query, by: engine,
            capability == .rerank ? .crossEncoder : .biEncoder, isRaw: isRaw)
    }

    /// Refuses a query or documents that would be cut.
    func requireWhole(
        _ documents: [String], with query: String, _ name: (Int) -> String
    ) async throws {
        if capability == .rerank {
            try await engine.requireWhole(documents, with: .query(query), name)
        } else {
            try await engine.requireWhole([query], purpose: .query) { _ in "query" }
            try await engine.requireWhole(documents, purpose: .passage, name)
        }
    }
}

extension JSONObject {
    /// The tokens that were read of an item, and whether it has more.
    mutating func add(_ reading: TextReading) {
        self["tokens"] = .integer(reading.tokens)
        self["truncated"] = reading.isCut.map { .bool($0) } ?? .null
    }
}
