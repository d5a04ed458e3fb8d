/// The tokens that may come next, one bit each.
package struct TokenMask: Sendable, Equatable {
    package let words: [UInt64]
    /// How many tokens there are.
    package let count: Int

    init(words: [UInt64]) {
        self.words = words
        count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    package var isEmpty: Bool { count == 0 }

    package subscript(token: Int32) -> Bool {
        let word = Int(token) / 64
        return token >= 0 && word < words.count && words[word] >> (Int(token) % 64) & 1 == 1
    }

    /// The tokens, in rising order.
    package var tokens: [Int32] {
        words.enumerated().flatMap { index, word in
            var (word, found) = (word, [Int32]())
            while word != 0 {
                found.append(Int32(index * 64 + word.trailingZeroBitCount))
                word &= word - 1
            }
            return found
        }
    }

    /// Forbids all other tokens: their logits become minus infinity, whatever they were.
    package func apply(to logits: UnsafeMutableBufferPointer<Float>) {
        for start in stride(from: 0, to: logits.count, by: 64) {
            let word = start / 64 < words.count ? words[start / 64] : 0
            if word == .max { continue }
            let end = min(start + 64, logits.count)
            if word == 0 {
                logits[start..<end].update(repeating: -.infinity)
                continue
            }
            for index in start..<end where word >> (index - start) & 1 == 0 {
                logits[index] = -.infinity
            }
        }
    }
}
