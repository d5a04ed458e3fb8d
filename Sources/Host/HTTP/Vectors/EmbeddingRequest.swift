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

    init(_ fields: Fields, _ inputs: InputList) throws {
        model = try fields.string("model")
        self.inputs = try inputs.embeddingInputs(fields, "input")
        encoding = try fields.choice("encoding_format") ?? .float
        dimensions = try fields.integer("dimensions", in: 1...Int.max)
        purpose = try Self.purpose(fields)
        isNormalized = try fields.bool("normalize") ?? true
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

    /// - Throws: `APIError` for what this model cannot do.
    func check(_ capabilities: VectorCapabilities) throws {
        let hasTokens = inputs.contains { if case .tokens = $0 { true } else { false } }
        if hasTokens, !capabilities.embedsTokens {
            throw APIError.unsupported(
                param: "input", "holds token ids, and this model embeds text only")
        }
    }
}
