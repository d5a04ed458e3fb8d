/// A model in one state, as a collection remembers it.
package struct EmbeddingModel: Sendable, Hashable {
    package var name: String
    /// Tells the model's weights from others.
    package var contentHash: String
    package var dimensions: Int

    package init(name: String, contentHash: String, dimensions: Int) {
        self.name = name
        self.contentHash = contentHash
        self.dimensions = dimensions
    }
}

/// What a text is embedded for; some models put something else before it.
package enum EmbedPurpose: Sendable {
    case query
    case passage
}

/// Turns texts into vectors. A collection does not know what computes them.
package protocol CollectionEmbedder: Sendable {
    /// The model as it is now; the next texts may be embedded by another one. Waits for a model that
    /// is still being loaded.
    /// - Throws: `EmbedderMissing` where there is none.
    var model: EmbeddingModel { get async throws }

    /// A vector of unit length for each text, all by one model in one state.
    /// - Throws: `EmbedderMissing`, as above; `EmbeddingRefused` for a text that this model never
    ///   embeds; any other error counts as passing, and the work is tried again.
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

/// There is no model that could embed; the reason says why not, and what would help.
package struct EmbedderMissing: Error, CustomStringConvertible {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}

/// A text that the model does not embed, whoever asks and whenever.
package struct EmbeddingRefused: Error, CustomStringConvertible {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }

    package var description: String { reason }
}
