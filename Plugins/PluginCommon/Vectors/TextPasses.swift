/// How many texts go through a network at a time.
public enum TextPasses {
    /// The tokens of one pass, unless a single text has more: enough to keep the processor busy, few
    /// enough for the states to stay in its caches.
    public static let tokens = 2048

    /// Splits a list of texts, given by their lengths, into runs of few enough tokens.
    public static func split(_ lengths: [Int], tokens most: Int = tokens) -> [Range<Int>] {
        var passes: [Range<Int>] = []
        var (start, tokens) = (0, 0)
        for (index, length) in lengths.enumerated() {
            if index > start, tokens + length > most {
                passes.append(start..<index)
                (start, tokens) = (index, 0)
            }
            tokens += length
        }
        return start < lengths.count ? passes + [start..<lengths.count] : passes
    }
}
