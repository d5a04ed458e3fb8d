/// How the next token is chosen. The transforms apply in the order of these properties.
///
/// Forbidden tokens are out from the beginning. 1. logit bias; 2. repetition, then frequency and presence
/// penalty; 3. DRY; 4. repeated n-grams; 5. top-n-sigma; 6. temperature; 7. top-k; 8. top-p; 9. min-p;
/// 10. typical-p; 11. XTC; then a token is drawn from what is left, renormalized after each step. Of these
/// 2, 4 and 6 to 10 have the order of Hugging Face transformers, and DRY, top-n-sigma and XTC the place
/// between them that llama.cpp gives them.
///
/// A dynamic temperature is applied after 11, as in llama.cpp, instead of 6. Mirostat replaces 5 and 7 to
/// 11. At a temperature of 0 the likeliest token after 4 is taken.
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
    /// "Don't repeat yourself": lowers the logits of tokens that would go on with a run that the text
    /// has had before, by this times `dryBase` to the power of the run's length beyond
    /// `dryAllowedLength`; 0 is off. See `DRYHistory`.
    package var dryMultiplier: Float = 0
    package var dryBase: Float = 1.75
    /// Runs that are shorter are free.
    package var dryAllowedLength = 2
    /// How many of the last tokens are searched; -1 is all, 0 is off.
    package var dryWindow = -1
    /// Texts that end a run.
    package var dryBreakers = ["\n", ":", "\"", "*"]
    /// Forbids a token that would write a run of this many tokens for the second time; 0 is off.
    package var noRepeatNGram = 0
    /// Keeps tokens whose logit is at most this many standard deviations below the largest; 0 is off.
    package var topNSigma: Float = 0
    /// Divides the logits; 0 always takes the likeliest token.
    package var temperature: Float = 1
    /// How far the temperature may fall and rise with the entropy of what the filters leave; 0 is off.
    package var temperatureRange: Float = 0
    /// 1 is in proportion to the entropy; more keeps the temperature low for longer.
    package var temperatureExponent: Float = 1
    /// Keeps the `topK` likeliest tokens; 0 is off.
    package var topK = 0
    /// Keeps the likeliest tokens whose probabilities sum to `topP`; 1 is off.
    package var topP: Float = 1
    /// Keeps tokens at least `minP` times as likely as the likeliest; 0 is off.
    package var minP: Float = 0
    /// Keeps the tokens nearest to the expected surprise, with this much probability; 1 is off.
    package var typicalP: Float = 1
    /// How often, from 0 to 1, the likeliest tokens are left out: all of at least `xtcThreshold` but one.
    package var xtcProbability: Float = 0
    /// Above 0.5 there is nothing to leave out.
    package var xtcThreshold: Float = 0.1
    /// The fewest tokens that top-p, min-p, typical-p and XTC leave, if there are so many.
    package var minKeep = 0
    /// 2 holds the surprise of the text near `mirostatTau`; 0 is off.
    package var mirostat = 0
    /// In bits.
    package var mirostatTau: Float = 5
    /// How fast it is held.
    package var mirostatEta: Float = 0.1
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
        try checkRarer(check)
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

    private func checkRarer(
        _ check: (Bool, String, String) throws(EngineError) -> Void
    ) throws(EngineError) {
        try check(
            dryMultiplier >= 0 && dryMultiplier.isFinite, "dry_multiplier",
            "must be 0 (off) or more")
        try check(dryBase >= 1 && dryBase.isFinite, "dry_base", "must be 1 or more")
        try check(dryAllowedLength >= 0, "dry_allowed_length", "must be 0 or more")
        try check(dryWindow >= -1, "dry_penalty_last_n", "must be -1 (all), 0 (off) or more")
        try check(topNSigma >= 0 && topNSigma.isFinite, "top_n_sigma", "must be 0 (off) or more")
        try check(
            temperatureRange >= 0 && temperatureRange.isFinite, "dynatemp_range",
            "must be 0 (off) or more")
        try check(
            temperatureExponent >= 0 && temperatureExponent.isFinite, "dynatemp_exponent",
            "must be 0 or more")
        try check(
            xtcProbability >= 0 && xtcProbability <= 1, "xtc_probability", "must be between 0 and 1"
        )
        try check(
            xtcThreshold >= 0 && xtcThreshold <= 1, "xtc_threshold", "must be between 0 and 1")
        try check(minKeep >= 0, "min_keep", "must be 0 or more")
        try check(mirostat == 0 || mirostat == 2, "mirostat", "must be 0 (off) or 2")
        try check(mirostatTau >= 0 && mirostatTau.isFinite, "mirostat_tau", "must be 0 or more")
        try check(mirostatEta >= 0 && mirostatEta.isFinite, "mirostat_eta", "must be 0 or more")
    }
}
