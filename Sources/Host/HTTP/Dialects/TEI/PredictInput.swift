import JSON

/// `inputs` of `/predict`: a text, `[text]`, `[text, pair]`, or an array of the latter two.
enum PredictInput {
    /// - Returns: as `/v1/classify` takes it, and whether the answer is of one text alone.
    static func read(_ fields: Fields) throws -> (input: JSONValue, isSingle: Bool) {
        let expected = "a text, an array of one or two texts, or an array of those"
        guard let value = fields.value("input") else {
            throw APIError.missing(param: "inputs", expected: expected)
        }
        if value.string != nil { return (value, true) }
        guard let elements = value.array, !elements.isEmpty else {
            throw fields.wrong("input", value, expected: expected)
        }
        guard elements[0].array != nil else {
            guard elements.count <= 2 else {
                throw APIError.invalid(
                    param: "inputs",
                    "has \(elements.count) texts, which one or a pair have two of at most; put each "
                        + "into an array of its own")
            }
            return (elements.count == 2 ? [.array(elements)] : .array(elements), true)
        }
        // Of single texts, those; pairs are what classification takes.
        let texts = elements.compactMap { $0.array?.count == 1 ? $0[0] : nil }
        return (texts.count == elements.count ? .array(texts) : value, false)
    }
}
