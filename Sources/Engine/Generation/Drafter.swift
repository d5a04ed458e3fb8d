/// Guesses how a text goes on, where it repeats itself or its prompt: prompt lookup, Saxena 2023, as
/// transformers has it (`PromptLookupCandidateGenerator`).
///
/// What has followed the last three tokens before is likely to follow them again. The model reads the
/// guess in the same step as the last token, and the sampler chooses at each place as ever: the guess
/// holds as long as it is what was chosen, so that the output is the same with any guess.
struct Drafter: Sendable {
    private struct Gram: Hashable {
        var first, second, third: Int32
    }

    /// The longest guess.
    static let most = 16
    /// Where the tokens after a gram begin, for the last time that it stood before the end.
    private var followers: [Gram: Int] = [:]
    private var indexed = 0
    /// How often the next token of a guess was right, of late.
    private(set) var acceptance = Self.confidence
    private static let confidence = 0.6
    /// How much the tokens of one guess count.
    private static let weight = 0.3
    /// Confidence comes back by this for each token without a guess, so that a text which begins to
    /// repeat itself is noticed.
    private static let recovery = 0.004

    /// - Parameter limit: how many tokens of a guess are useful.
    /// - Returns: what follows the last time that the text ended like this; empty if there is none.
    mutating func guess(after tokens: [Int32], limit: Int) -> [Int32] {
        index(tokens)
        let count = min(limit, Self.most)
        guard count > 0, tokens.count >= 3, let start = followers[gram(tokens.count, tokens)] else {
            return []
        }
        // A text that repeats itself without a gap goes on with its repetition.
        let period = tokens.count - start
        return (0..<count).map { tokens[start + $0 % period] }
    }

    /// The tokens before the end are not those of the last call.
    mutating func forget() {
        (followers, indexed) = ([:], 0)
    }

    /// - Parameters:
    ///   - count: tokens of the guess that the model has read; 0: there was none to read.
    ///   - right: how many of them were chosen, from the first.
    mutating func note(read count: Int, right: Int) {
        guard count > 0 else {
            acceptance = min(max(acceptance, Self.confidence), acceptance + Self.recovery)
            return
        }
        let tested = min(right + 1, count)
        acceptance += (Double(right) / Double(tested) - acceptance) * Self.weight
    }

    private mutating func index(_ tokens: [Int32]) {
        // The gram at the very end has no follower yet.
        for end in max(3, indexed)..<max(3, indexed, tokens.count) {
            followers[gram(end, tokens)] = end
        }
        indexed = max(indexed, tokens.count)
    }

    private func gram(_ end: Int, _ tokens: [Int32]) -> Gram {
        Gram(first: tokens[end - 3], second: tokens[end - 2], third: tokens[end - 1])
    }
}

extension StepCost {
    /// How many tokens of a guess are worth their rows: those that bring more tokens in a second than
    /// the step does without them.
    ///
    ///     acceptance^i / (t(rows + i) - t(rows + i - 1)) > streams / t(rows)
    ///
    /// - Parameters:
    ///   - rows: of the step as it is.
    ///   - streams: the tokens that it brings.
    func draftLength(_ acceptance: Double, rows: Int, streams: Int, limit: Int) -> Int {
        guard let time = seconds(of: rows), streams > 0 else { return 0 }
        var (chance, before, length) = (acceptance, time, 0)
        while length < limit, let after = seconds(of: rows + length + 1),
            chance * time > Double(streams) * max(after - before, 0)
        {
            (chance, before, length) = (chance * acceptance, max(before, after), length + 1)
        }
        return length
    }
}
