/// What a model of vectors can do.
package struct VectorCapabilities: Sendable, Equatable {
    /// Floats per embedding; 0 when it embeds nothing.
    package var dimensions: Int
    /// The names of what it tells apart; empty when it classifies nothing.
    package var labels: [String]
    /// The longest text; 0 when unknown.
    package var maxTokens: Int
    package var scoresPairs: Bool
    /// Says what the tokens of a text are.
    package var tokenizes: Bool
    /// Embeds also by token ids.
    package var embedsTokens: Bool
    /// Labels pairs of texts as well.
    package var classifiesPairs: Bool
    /// Says how many tokens a text has, and how many of them it reads.
    package var countsTokens: Bool

    package init(
        dimensions: Int = 0, labels: [String] = [], maxTokens: Int = 0, scoresPairs: Bool = false,
        tokenizes: Bool = false, embedsTokens: Bool = false, classifiesPairs: Bool = false,
        countsTokens: Bool = false
    ) {
        self.dimensions = dimensions
        self.labels = labels
        self.maxTokens = maxTokens
        self.scoresPairs = scoresPairs
        self.tokenizes = tokenizes || embedsTokens
        self.embedsTokens = embedsTokens
        self.classifiesPairs = classifiesPairs
        self.countsTokens = countsTokens
    }

    package var embeds: Bool { dimensions > 0 }
    package var classifies: Bool { !labels.isEmpty }

    /// Texts per call: this many rows of embeddings or labels fit into the memory that a worker
    /// shares.
    package var embeddingRows: Int {
        let stride = RowBuffer.stride(width: max(1, dimensions, labels.count))
        return max(1, min(1024, (64 << 20) / stride))
    }
}

/// What one call embeds.
package enum EmbeddingBatch: Sendable, Equatable {
    case texts([String])
    /// The ids of each text, as `embeddingTokens` gives them.
    case tokens([[Int32]])

    package var count: Int {
        switch self {
        case .texts(let texts): texts.count
        case .tokens(let texts): texts.count
        }
    }
}

/// What texts are read together with.
package enum Companions: Sendable, Equatable {
    case none
    /// One text before each of them.
    case query(String)
    /// A text behind each.
    case pairs([String])
}

/// The tokens of a text, special tokens and prefix among them.
package struct TokenCount: Sendable, Equatable {
    /// Those that there are.
    package var whole: Int
    /// Those that the model reads.
    package var read: Int

    package init(whole: Int, read: Int) {
        self.whole = whole
        self.read = read
    }
}

extension VectorCapabilities {
    /// - Throws: `.broken` for impossible numbers.
    func check() throws {
        try ModelFailure.check("dim", dimensions, 0...1 << 20)
        try ModelFailure.check("n_labels", labels.count, 0...1 << 16)
        try ModelFailure.check("max_tokens", maxTokens, 0...1 << 30)
    }

    /// Refuses what the model cannot embed.
    func check(_ batch: EmbeddingBatch) throws {
        guard embeds else { throw ModelFailure.unsupported("the model has no embeddings") }
        try check(count: batch.count)
        switch batch {
        case .texts(let texts): try Frame.check(texts: texts)
        case .tokens(let texts):
            guard embedsTokens else {
                throw ModelFailure.unsupported("the model embeds texts only")
            }
            for ids in texts { try check(ids) }
        }
    }

    private func check(_ ids: [Int32]) throws {
        let most = maxTokens > 0 ? maxTokens : 1 << 24
        guard (1...most).contains(ids.count) else {
            throw ModelFailure.argument("a text of \(ids.count) tokens, expected 1 to \(most)")
        }
        if let wrong = ids.first(where: { $0 < 0 }) {
            throw ModelFailure.argument("token \(wrong), expected 0 or more")
        }
    }

    /// Refuses what the model cannot classify.
    func check(classifying texts: [String], pairs: [String]?) throws {
        guard classifies else { throw ModelFailure.unsupported("the model has no labels") }
        try check(count: texts.count)
        try Frame.check(texts: texts + (pairs ?? []))
        guard let pairs else { return }
        guard classifiesPairs else {
            throw ModelFailure.unsupported("the model has no labels for pairs")
        }
        try check(pairs, of: texts)
    }

    private func check(_ pairs: [String], of texts: [String]) throws {
        guard pairs.count == texts.count else {
            throw ModelFailure.argument(
                "\(pairs.count) texts beside \(texts.count), expected as many")
        }
    }

    /// Refuses what the model cannot count.
    func check(counting texts: [String], with companions: Companions) throws {
        guard countsTokens else {
            throw ModelFailure.unsupported("the model does not count tokens")
        }
        switch companions {
        case .none: try Frame.check(texts: texts)
        case .query(let query): try Frame.check(texts: texts + [query])
        case .pairs(let pairs):
            try check(pairs, of: texts)
            try Frame.check(texts: texts + pairs)
        }
    }

    /// Refuses what the model cannot score.
    func check(query: String, documents: [String]) throws {
        guard scoresPairs else { throw ModelFailure.unsupported("the model scores no pairs") }
        try check(count: documents.count)
        try Frame.check(texts: documents + [query])
    }

    private func check(count: Int) throws {
        guard (1...embeddingRows).contains(count) else {
            throw ModelFailure.argument("\(count) texts in a call, expected 1 to \(embeddingRows)")
        }
    }

    /// What a plugin says are the tokens of a text.
    func check(answer count: TokenCount) throws {
        let most = maxTokens > 0 ? maxTokens : 1 << 30
        guard count.read <= min(count.whole, most) else {
            throw ModelFailure.broken(
                step: CallStep.countTokens.name,
                reason: "\(count.read) tokens read of \(count.whole), expected \(most) at most")
        }
    }

    /// What a plugin says are the ids of a text.
    func check(answer ids: [Int32], step: CallStep) throws {
        guard maxTokens == 0 || ids.count <= maxTokens else {
            throw ModelFailure.broken(
                step: step.name,
                reason: "\(ids.count) tokens of a text, expected \(maxTokens) at most")
        }
        if let wrong = ids.first(where: { $0 < 0 }) {
            throw ModelFailure.broken(
                step: step.name, reason: "token id \(wrong), expected 0 or more")
        }
    }
}
