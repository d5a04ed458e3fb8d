import SearchCollections

/// Embeds without a model: a text is how often it has each letter.
struct LetterEmbedder: CollectionEmbedder {
    let model = EmbeddingModel(name: "letters", contentHash: "letters", dimensions: 26)

    func embed(_ texts: [String], as purpose: EmbedPurpose) async throws -> EmbeddedTexts {
        EmbeddedTexts(by: model, texts.map(Self.vector))
    }

    private static func vector(_ text: String) -> [Float] {
        var counts = [Float](repeating: 0, count: 26)
        for byte in text.lowercased().utf8 where (97...122).contains(byte) {
            counts[Int(byte) - 97] += 1
        }
        let length = counts.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? counts.map { $0 / length } : counts
    }
}
