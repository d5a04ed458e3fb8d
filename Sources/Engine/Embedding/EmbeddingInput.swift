import JSON

/// A caller's input.
package enum EmbeddingInput: Sendable {
    case text(String)
    /// Ids as the model's own tokenizer gives them, special tokens included.
    case tokens([Int32])
}

/// Texts are equal if their bytes are: `é` as one scalar and as two are different tokens, although
/// Swift considers the strings equal.
extension EmbeddingInput: Hashable {
    package static func == (left: EmbeddingInput, right: EmbeddingInput) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): ExactString(left) == ExactString(right)
        case (.tokens(let left), .tokens(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text): hasher.combine(ExactString(text))
        case .tokens(let ids): hasher.combine(ids)
        }
    }
}

/// What an embedding is for: some models prefix queries and passages differently.
package enum EmbeddingPurpose: Sendable, Hashable {
    case query, passage
    /// To be compared with others of its kind.
    case symmetric
}

/// How much of an input the model has read.
package struct TextReading: Sendable, Equatable {
    /// The tokens that were read, including prefix and special tokens; an estimate if the model
    /// does not tell.
    package var tokens: Int
    /// Whether there were more; nil if the model does not tell.
    package var isCut: Bool?

    package init(tokens: Int, isCut: Bool?) {
        self.tokens = tokens
        self.isCut = isCut
    }
}

extension [TextReading] {
    package var tokens: Int { reduce(0) { $0 + $1.tokens } }

    /// Whether the end of any text was cut off; nil where a model does not tell.
    package var isCut: Bool? {
        if contains(where: { $0.isCut == true }) { return true }
        return contains { $0.isCut == nil } ? nil : false
    }

    /// Of what was read in several calls.
    package var together: TextReading { TextReading(tokens: tokens, isCut: isCut) }
}

package struct EmbeddingResult: Sendable, Equatable {
    /// One for each input, in order.
    package var vectors: [[Float]]
    /// What was read of each input.
    package var readings: [TextReading]

    package var tokens: Int { readings.tokens }
}

package struct ScoreResult: Sendable, Equatable {
    /// A raw logit for each document, in order; larger is better.
    package var scores: [Float]
    /// What was read of each document, with the query.
    package var readings: [TextReading]

    package var tokens: Int { readings.tokens }
}

package struct ClassificationResult: Sendable, Equatable {
    /// For each text a raw logit for each of the model's labels.
    package var logits: [[Float]]
    /// What was read of each text, or pair.
    package var readings: [TextReading]

    package var tokens: Int { readings.tokens }
}
