import Glibc

/// Log probabilities of tokens under the model's own distribution: the log-softmax of the raw logits.
struct LogProbabilities {
    private let logits: UnsafeBufferPointer<Float>
    private let logOfSum: Double

    ///     log p(i) = l(i) - (max + ln Σ exp(l(j) - max))
    init(_ logits: UnsafeBufferPointer<Float>) throws(EngineError) {
        guard let largest = VectorMath.maximum(logits), largest > -.infinity else {
            throw .invalidLogits("a logit that is NaN or infinite")
        }
        self.logits = logits
        logOfSum = Double(largest) + log(VectorMath.sumOfExponentials(logits, largest: largest))
    }

    subscript(token: Int32) -> Float {
        Float(Double(logits[Int(token)]) - logOfSum)
    }

    /// The `count` likeliest of the tokens below `limit`, best first; of equals the lower ids.
    func top(_ count: Int, below limit: Int) -> [Int32] {
        guard count > 0 else { return [] }
        var best: [Int32] = []
        for index in 0..<limit {
            let isFull = best.count == count
            if isFull, logits[index] <= logits[Int(best[count - 1])] { continue }
            if isFull { best.removeLast() }
            let place = best.firstIndex { logits[Int($0)] < logits[index] } ?? best.count
            best.insert(Int32(index), at: place)
        }
        return best
    }
}
