/// The pre-tokenizer patterns of published models, as their tokenizer.json give them. GGUF files have
/// only a name for them.
enum PublishedPattern {
    static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// The names of the special tokens are words of their own.
    static let clip =
        #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]"#
        + #"|[^\s\p{L}\p{N}]+"#

    static let llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"# + tail

    static let qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + tail

    static let qwen35 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
        + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    static let o200k =
        upperLower(#"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#) + #"|\p{N}{1,3}"# + slashTail

    static let tekken = upperLower("") + #"|\p{N}"# + slashTail

    static let deepseekV3 =
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
        + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// Chinese ideographs and Japanese kana.
    static let ideographs = #"[\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+"#

    static let oneDigit = #"\p{N}"#
    static let threeDigits = #"\p{N}{1,3}"#

    private static let tail = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let slashTail = #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// Words of capitals then small letters, so that "camelCase" is two.
    private static func upperLower(_ contraction: String) -> String {
        let start = #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let end = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        return "\(start)*\(end)+\(contraction)|\(start)+\(end)*\(contraction)"
    }
}
