/// What a model can do, and what a request without a `model` needs: the host's own words, which the API calls
/// abilities.
package enum Capability: String, Sendable, CaseIterable {
    case chat
    case completion
    case embeddings
    case rerank
    case classify
    case entities
    case answer
    case summarize
    case image
}

extension Capability {
    /// What follows "the model does not" and "a model that can".
    package var verb: String {
        switch self {
        case .chat: "chat"
        case .completion: "complete text"
        case .embeddings: "make embeddings"
        case .rerank: "score documents for a query"
        case .classify: "classify texts"
        case .entities: "find entities"
        case .answer: "find answers in passages"
        case .summarize: "summarize texts"
        case .image: "make images"
        }
    }
}
