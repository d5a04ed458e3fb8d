import Glibc
import PluginHost

/// Lowers the logits of tokens that would go on with a run the text has had before.
///
/// "Don't repeat yourself", as in llama.cpp (`llama_sampler_dry`): where the last n tokens stand earlier
/// in the text too, for the largest such n of each token that followed them,
///
///     l = l - multiplier · base^(n - allowed),  if n ≥ allowed
///
/// Only tokens after the last sequence breaker count for n, and a token that holds a breaker is free.
/// Breakers are found in the text itself; llama.cpp finds them as it would tokenize them.
struct DRYHistory: Sendable {
    private let multiplier, base: Float
    private let allowed: Int
    private let window: Int
    private let breakers: [[UInt8]]
    private let vocabulary: Vocabulary?
    private var tokens: [Int32] = []
    /// How many tokens there were up to the end of the last breaker.
    private var start = 0
    /// The end of the text, as long as a breaker that a token may complete.
    private var ending: [UInt8] = []
    private let reach: Int

    init(_ parameters: SamplingParameters, _ vocabulary: Vocabulary?) {
        multiplier = parameters.dryMultiplier
        base = parameters.dryBase
        allowed = parameters.dryAllowedLength
        window = parameters.dryWindow < 0 ? .max : parameters.dryWindow
        breakers = parameters.dryBreakers.map { Array($0.utf8) }.filter { !$0.isEmpty }
        reach = max(0, (breakers.map(\.count).max() ?? 0) - 1)
        self.vocabulary = vocabulary
    }

    var isOff: Bool { multiplier == 0 || window == 0 }

    mutating func append(_ token: Int32) {
        guard !isOff else { return }
        tokens.append(token)
        guard let piece = piece(token) else { return }
        let text = ending + piece
        if breakers.contains(where: { ends($0, in: text, from: ending.count) }) {
            start = tokens.count
        }
        ending = Array(text.suffix(reach))
    }

    func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        // Keeps the power finite.
        let most = base > 1.000001 ? Int(log(Float.greatestFiniteMagnitude) / log(base)) : 0
        for (token, length) in lengths where Int(token) < logits.count && !isBreaker(token) {
            let power = most > 0 ? min(length - allowed, most) : 0
            logits[Int(token)] -= min(
                multiplier * pow(base, Float(power)), .greatestFiniteMagnitude / 2)
        }
    }

    /// The length of the longest run that each token would go on with.
    private var lengths: [Int32: Int] {
        let recent = tokens.suffix(window)
        let limit = min(tokens.count - start, recent.count)
        guard !isOff, recent.count > allowed, limit >= allowed else { return [:] }
        var lengths: [Int32: Int] = [:]
        for (back, length) in Self.suffixLengths(Array(recent.reversed())).enumerated().dropFirst()
        {
            let length = min(length, limit)
            guard length >= allowed else { continue }
            // `back` tokens after the end of the earlier run: the next one follows it.
            let follower = recent[recent.endIndex - back]
            lengths[follower] = max(lengths[follower] ?? 0, length)
        }
        return lengths
    }

    /// For each place, how many elements from it on equal those from the beginning (the Z function,
    /// Gusfield 1997, in linear time).
    static func suffixLengths(_ x: [Int32]) -> [Int] {
        var z = [Int](repeating: 0, count: x.count)
        var (left, right) = (0, 0)
        for place in x.indices.dropFirst() {
            if place < right { z[place] = min(right - place, z[place - left]) }
            while place + z[place] < x.count, x[z[place]] == x[place + z[place]] { z[place] += 1 }
            if place + z[place] > right { (left, right) = (place, place + z[place]) }
        }
        return z
    }
}

// MARK: - Breakers

extension DRYHistory {
    private func piece(_ token: Int32) -> [UInt8]? {
        guard let vocabulary, !breakers.isEmpty, token >= 0, Int(token) < vocabulary.count else {
            return nil
        }
        return Array(vocabulary.piece(token))
    }

    private func isBreaker(_ token: Int32) -> Bool {
        guard let piece = piece(token) else { return false }
        return breakers.contains { ends($0, in: piece, from: 0) }
    }

    /// Whether a breaker ends in `text` behind its first `known` bytes.
    private func ends(_ breaker: [UInt8], in text: [UInt8], from known: Int) -> Bool {
        let first = max(0, known - breaker.count + 1)
        guard text.count - breaker.count >= first else { return false }
        return (first...(text.count - breaker.count)).contains {
            text[$0..<($0 + breaker.count)].elementsEqual(breaker)
        }
    }
}
