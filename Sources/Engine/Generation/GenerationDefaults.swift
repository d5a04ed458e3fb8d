import JSON

/// A model's recommended generation parameters, under the names of transformers'
/// `GenerationConfig`. Values that are missing, of another type or out of range are nil.
package struct GenerationDefaults: Sendable, Equatable {
    /// The longest output in tokens, with what an encoder-decoder's output begins with ("max_length").
    package var maxLength: Int?
    /// The shortest, counted the same ("min_length").
    package var minLength: Int?
    /// The same two without the beginning ("max_new_tokens", "min_new_tokens").
    package var maxNewTokens: Int?
    package var minNewTokens: Int?
    /// "no_repeat_ngram_size"
    package var noRepeatNGram: Int?
    /// "repetition_penalty"
    package var repetitionPenalty: Float?
    /// The token that every output begins with, after the decoder's own start ("forced_bos_token_id").
    package var forcedBOS: Int32?

    init(_ json: JSONValue?) {
        func count(_ key: String) -> Int? {
            json?[key]?.integer.flatMap { (0...1 << 24).contains($0) ? $0 : nil }
        }
        maxLength = count("max_length")
        minLength = count("min_length")
        maxNewTokens = count("max_new_tokens")
        minNewTokens = count("min_new_tokens")
        noRepeatNGram = count("no_repeat_ngram_size")
        repetitionPenalty = json?["repetition_penalty"]?.number.map { Float($0) }
        if let penalty = repetitionPenalty, penalty <= 0 || !penalty.isFinite {
            repetitionPenalty = nil
        }
        forcedBOS = count("forced_bos_token_id").map { Int32($0) }
    }
}

extension GenerationDefaults {
    /// The longest output in new tokens.
    ///
    /// - Parameter beginning: how many tokens an output begins with.
    package func longest(after beginning: Int) -> Int? {
        maxNewTokens ?? maxLength.map { max(1, $0 - beginning) }
    }

    /// The shortest output in new tokens.
    package func shortest(after beginning: Int) -> Int {
        minNewTokens ?? minLength.map { max(0, $0 - beginning) } ?? 0
    }
}
