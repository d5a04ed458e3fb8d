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

    /// Texts per call: so many rows of embeddings or labels fit into the memory that a worker shares.
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
