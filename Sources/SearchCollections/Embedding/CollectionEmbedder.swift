/// The identity of a model in one state, as a collection stores it.
package struct EmbeddingModel: Sendable, Hashable {
    package var name: String
    /// Identifies the model's weights.
    package var contentHash: String
    package var dimensions: Int

    package init(name: String, contentHash: String, dimensions: Int) {
        self.name = name
        self.contentHash = contentHash
        self.dimensions = dimensions
    }
}

/// What a text is embedded for; some models prepend a different prefix for each.
package enum EmbedPurpose: Sendable {
    case query
    case passage
}

/// Turns texts into vectors. A collection does not know what computes them.
package protocol CollectionEmbedder: Sendable {
    /// The model as it is now; the next texts may be embedded by another one. Waits for a model
    /// that is still loading.
    /// - Throws: `EmbedderMissing` if there is none.
    var model: EmbeddingModel { get async throws }

    /// A vector of unit length for each text, all by one model in one state.
    /// - Throws: `EmbedderMissing`, as above; `EmbeddingRefused` for a text that this model never
    ///   embeds. Any other error counts as temporary, and the work is repeated.
    func embed(_ texts: [String], as purpose: EmbedPurpose) async throws -> EmbeddedTexts
}

/// Vectors, and the model that made them.
package struct EmbeddedTexts: Sendable {
    package var model: EmbeddingModel
    /// In the order of the texts.
    package var vectors: [[Float]]

    package init(by model: EmbeddingModel, _ vectors: [[Float]]) {
        self.model = model
        self.vectors = vectors
    }
}

/// No model can embed; the reason says why, and what would help.
package struct EmbedderMissing: Error, CustomStringConvertible {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}

/// A text that the model refuses to embed, for any caller at any time.
package struct EmbeddingRefused: Error, CustomStringConvertible {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}
