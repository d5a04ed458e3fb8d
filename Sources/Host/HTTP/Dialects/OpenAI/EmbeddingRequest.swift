import Engine
import PluginHost

/// The body of `POST /v1/embeddings`.
struct EmbeddingRequest: Sendable {
    enum Encoding: String, CaseIterable {
        case float
        case base64
    }

    let model: String?
    let inputs: [EmbeddingInput]
    let encoding: Encoding
    let dimensions: Int?
    let purpose: EmbeddingPurpose
    let isNormalized: Bool
    private let longTexts: LongTexts
    /// The name of the inputs in the request.
    private let key: String

    init(_ fields: Fields, _ inputs: InputList, key: String = "input") throws {
        self.key = key
        model = try fields.string("model")
        self.inputs = try inputs.embeddingInputs(fields, key)
        encoding = try fields.choice("encoding_format") ?? .float
        dimensions = try fields.integer("dimensions", in: 1...Int.max)
        purpose = try Self.purpose(fields)
        isNormalized = try fields.bool("normalize") ?? true
        longTexts = try LongTexts(fields)
    }

    private static func purpose(_ fields: Fields) throws -> EmbeddingPurpose {
        guard let type = try fields.string("input_type") else { return .symmetric }
        switch type {
        case "query", "search_query": return .query
        case "passage", "document", "search_document": return .passage
        default:
            throw APIError.invalid(
                param: "input_type", "is unknown, expected query, passage, document")
        }
    }

    func embed(_ engine: VectorEngine) async throws -> EmbeddingResult {
        try check(engine.capabilities)
        if longTexts == .refuse {
            // Ids are never cut.
            let places = inputs.indices.filter { inputs[$0].text != nil }
            try await engine.requireWhole(
                places.compactMap { inputs[$0].text }, purpose: purpose
            ) { inputs.count == 1 ? key : "\(key)[\(places[$0])]" }
        }
        return try await engine.embed(
            inputs, purpose: purpose, dimensions: dimensions, normalized: isNormalized)
    }

    /// - Throws: `APIError` for what this model cannot do.
    private func check(_ capabilities: VectorCapabilities) throws {
        let hasTokens = inputs.contains { if case .tokens = $0 { true } else { false } }
        if hasTokens, !capabilities.embedsTokens {
            throw APIError.unsupported(
                param: key, "holds token ids, and this model embeds text only")
        }
    }
}

extension EmbeddingInput {
    /// Nil for ids.
    fileprivate var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
