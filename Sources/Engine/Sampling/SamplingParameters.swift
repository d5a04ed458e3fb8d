/// How the next token is chosen. The transforms apply in the order of these properties.
///
/// Forbidden tokens are out from the beginning. 1. logit bias; 2. repetition, then frequency and presence penalty; 3. repeated n-grams;
/// 4. temperature; 5. top-k; 6. top-p; 7. min-p; 8. typical-p; then a token is drawn from what is left,
/// renormalized after each step. The order of 2 to 8 is that of Hugging Face transformers.
package struct SamplingParameters: Sendable, Equatable {
    /// The only tokens that may be chosen, in rising order; nil is all.
    package var allowedTokens: [Int32]?
    /// Runs of tokens that are never completed; of one token: it is never chosen.
    package var forbiddenRuns: [[Int32]] = []
    /// Added to the logits of single tokens; `-infinity` forbids a token.
    package var logitBias: [Int32: Float] = [:]
    /// Divides positive and multiplies negative logits of tokens in prompt or output; 1 is off.
    package var repetitionPenalty: Float = 1
    /// Subtracted from a token's logit for each time it was generated; 0 is off.
    package var frequencyPenalty: Float = 0
    /// Subtracted from the logit of every token that was generated; 0 is off.
    package var presencePenalty: Float = 0
    /// How many of the last tokens the penalties consider; nil is all.
    package var penaltyWindow: Int?
    /// Forbids a token that would write a run of this many tokens for the second time; 0 is off.
    package var noRepeatNGram = 0
    /// Divides the logits; 0 always takes the likeliest token.
    package var temperature: Float = 1
    /// Keeps the `topK` likeliest tokens; 0 is off.
    package var topK = 0
    /// Keeps the likeliest tokens whose probabilities sum to `topP`; 1 is off.
    package var topP: Float = 1
    /// Keeps tokens at least `minP` times as likely as the likeliest; 0 is off.
    package var minP: Float = 0
    /// Keeps the tokens nearest to the expected surprise, with this much probability; 1 is off.
    package var typicalP: Float = 1
    /// Fixes the random draws; nil takes a random seed, which `Usage` reports.
    package var seed: UInt64?

    package init() {}

    /// The likeliest token at every step.
    package static var greedy: SamplingParameters {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        return parameters
    }
}

extension SamplingParameters {
    /// Checks ranges.
    ///
    /// - Throws: `EngineError.invalidParameter`.
    package func validate(vocabulary: Int) throws(EngineError) {
        func check(_ holds: Bool, _ name: String, _ reason: String) throws(EngineError) {
            if !holds { throw .invalidParameter(name: name, reason: reason) }
        }
        try check(temperature >= 0 && temperature.isFinite, "temperature", "must be 0 or more")
        try check(topK >= 0, "top_k", "must be 0 (off) or more")
        try check(topP > 0 && topP <= 1, "top_p", "must be above 0 and at most 1")
        try check(minP >= 0 && minP <= 1, "min_p", "must be between 0 and 1")
        try check(typicalP > 0 && typicalP <= 1, "typical_p", "must be above 0 and at most 1")
        try check(
            repetitionPenalty > 0 && repetitionPenalty.isFinite, "repetition_penalty",
            "must be above 0")
        try check(frequencyPenalty.isFinite, "frequency_penalty", "must be a finite number")
        try check(presencePenalty.isFinite, "presence_penalty", "must be a finite number")
        try check((penaltyWindow ?? 0) >= 0, "penalty_window", "must be 0 or more")
        try check(noRepeatNGram >= 0, "no_repeat_ngram_size", "must be 0 (off) or more")
        for token in allowedTokens ?? [] where token < 0 || token >= vocabulary {
            throw .unknownToken(token, vocabulary: vocabulary)
        }
        for (token, bias) in logitBias {
            try check(!bias.isNaN && bias < .infinity, "logit_bias", "must be numbers")
            if token < 0 || token >= vocabulary {
                throw .unknownToken(token, vocabulary: vocabulary)
            }
        }
    }
}
