import Glibc
import Tokenizers

/// A span of a passage that answers a question.
struct Answer: Sendable {
    let passage: Int
    /// Code points of the passage.
    let range: Range<Int>
    /// p(start) · p(end), among the tokens of one window's passage.
    let score: Double
    /// The same, if "no answer" takes part.
    let scoreBesideNone: Double
}

/// The result of one window, after Devlin et al. 2018 (arXiv:1810.04805), sections 4.2 and 4.3.
///
///     score(i, j) = p(start = i) · p(end = j),  i ≤ j < i + most
///
/// p is the softmax over the passage's tokens alone. The first token of the window stands for "no
/// answer": its probability comes from a softmax in which it takes part.
struct AnswerSpans {
    /// The probability that the window has no answer.
    let none: Double
    private let starts: [Double]
    private let ends: [Double]
    /// The probability left for spans besides "no answer".
    private let rest: Double
    /// The passage's code points of each of its tokens.
    private let offsets: [Range<Int>]

    /// - Parameters:
    ///   - window: a question together with a part of the passage.
    ///   - start: the logits of its tokens.
    ///   - end: the same.
    init(_ window: Encoding, start: [Float], end: [Float]) {
        let places = window.ids.indices.filter { window.sequence[$0] == 1 }
        let (first, last) = (Self.softmax(start, places), Self.softmax(end, places))
        (starts, ends) = (first.probabilities, last.probabilities)
        none = first.ofNone * last.ofNone
        rest = (1 - first.ofNone) * (1 - last.ofNone)
        offsets = places.map { window.offsets[$0] }
    }

    /// The best spans, each range of characters once, best first.
    func best(_ count: Int, mostTokens: Int, passage: Int) -> [Answer] {
        var best = BestAnswers(count)
        for i in starts.indices {
            for j in i..<min(i + mostTokens, ends.count) {
                let (from, to) = (offsets[i].lowerBound, offsets[j].upperBound)
                let score = starts[i] * ends[j]
                guard from <= to, score > best.least else { continue }
                best.add(
                    Answer(
                        passage: passage, range: from..<to, score: score,
                        scoreBesideNone: score * rest))
            }
        }
        return best.answers
    }

    /// - Returns: the probabilities of the places alone, and that of the first token among them.
    private static func softmax(
        _ logits: [Float], _ places: [Int]
    ) -> (probabilities: [Double], ofNone: Double) {
        let values = places.map { Double(logits[$0]) }
        guard let largest = values.max() else { return ([], 1) }
        let weights = values.map { exp($0 - largest) }
        let sum = weights.reduce(0, +)
        let ofNone = 1 / (1 + exp(largest + log(sum) - Double(logits[0])))
        return (weights.map { $0 / sum }, ofNone)
    }
}

/// The best of many answers, each range of a passage once.
struct BestAnswers {
    private let count: Int
    private var kept: [Answer] = []
    /// The score that an answer must exceed to be kept.
    private(set) var least = -Double.infinity

    init(_ count: Int) {
        self.count = count
    }

    /// Best first.
    var answers: [Answer] { Self.best(count, of: kept) }

    mutating func add(_ answer: Answer) {
        kept.append(answer)
        guard kept.count >= 4 * count + 64 else { return }
        kept = answers
        if kept.count == count { least = kept[count - 1].score }
    }

    private struct Place: Hashable {
        let passage: Int
        let range: Range<Int>
    }

    private static func best(_ count: Int, of answers: [Answer]) -> [Answer] {
        let sorted = answers.enumerated().sorted {
            ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
        }
        var (seen, best): (Set<Place>, [Answer]) = ([], [])
        for answer in sorted.map(\.element) where best.count < count {
            let place = Place(passage: answer.passage, range: answer.range)
            if seen.insert(place).inserted { best.append(answer) }
        }
        return best
    }
}
