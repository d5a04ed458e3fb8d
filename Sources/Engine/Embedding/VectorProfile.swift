import PluginHost

/// The properties of a model of vectors and tasks that stay the same across restarts of its worker.
struct VectorProfile: Sendable {
    let info: ModelInfo
    let capabilities: VectorCapabilities
    let tasks: [String]
    /// Token ids are below this; nil if the model does not tell.
    private let vocabularySize: Int?

    /// - Throws: `EngineError.unsupported` for a model that has neither.
    init(_ model: any LoadedModel) throws(EngineError) {
        let description = model.description
        guard description.vectors != nil || !description.tasks.isEmpty else {
            throw .unsupported("embeddings, scores, labels and tasks")
        }
        info = ModelInfo(description)
        capabilities = description.vectors ?? VectorCapabilities()
        tasks = description.tasks.map(\.name)
        vocabularySize = model.vocabulary?.count
    }

    /// Texts per call.
    var rows: Int { capabilities.embeddingRows }

    /// A number of tokens after the model's cut.
    func cut(_ tokens: Int) -> Int {
        capabilities.maxTokens > 0 ? min(tokens, capabilities.maxTokens) : tokens
    }

    /// The number of tokens of ids, and a guess for a text and what is read with it.
    func estimate(_ input: EmbeddingInput, beside other: String) -> Int {
        switch input {
        case .text(let text): cut((text.utf8.count + other.utf8.count) / 4 + 2)
        case .tokens(let ids): ids.count
        }
    }

    /// Refuses what cannot be embedded.
    func check(_ inputs: [EmbeddingInput]) throws(EngineError) {
        guard capabilities.embeds else { throw .unsupported("embeddings") }
        for (index, input) in inputs.enumerated() {
            let name = inputs.count > 1 ? "input[\(index)]" : "input"
            if case .tokens(let ids) = input { try check(ids, name) }
        }
    }

    private func check(_ ids: [Int32], _ name: String) throws(EngineError) {
        guard capabilities.embedsTokens else { throw .unsupported("input of token ids") }
        guard !ids.isEmpty else { throw .invalidParameter(name: name, reason: "has no tokens") }
        guard cut(ids.count) == ids.count else {
            throw .invalidParameter(
                name: name,
                reason: "has \(ids.count) tokens, expected up to \(capabilities.maxTokens)")
        }
        if let wrong = ids.first(where: { $0 < 0 || $0 >= vocabularySize ?? .max }) {
            throw .invalidParameter(
                name: name, reason: "has token \(wrong), which the model does not know")
        }
    }

    /// Refuses a width that the embeddings cannot be cut to.
    func check(dimensions: Int?) throws(EngineError) {
        guard let dimensions, dimensions != capabilities.dimensions else { return }
        let full = capabilities.dimensions
        guard info.matryoshka == true else {
            throw .invalidParameter(
                name: "dimensions",
                reason: "is \(dimensions), but the model has embeddings of \(full) dimensions only")
        }
        guard (1...full).contains(dimensions) else {
            throw .invalidParameter(
                name: "dimensions", reason: "is \(dimensions), expected 1 to \(full)")
        }
    }
}
